import { describe, expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, readOnce, setUpEntra, type TestEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

describe("delta read", () => {
  test("an idle cycle is one request where Graph takes delta in a batch", async () => {
    const { entra, mirror, read, counting } = await readOnce((e) => void addPerson(e, "Ana", e.groups.Pro));
    expect(await counting(() => read(mirror))).toBe(1);
    expect(mirror.lastChanges()).toMatchObject({ groups: null, added: [], removed: [], relisted: [], users: [] });
    await expectAsReadWhole(entra, mirror);
  });

  test("and two where it does not, without asking again in later cycles or after a full read", async () => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
    const { mirror, read, counting } = await readOnce(() => {}, entra);
    expect(await counting(() => read(mirror))).toBe(2);
    await read(mirror, { full: true });
    expect(await counting(() => read(mirror))).toBe(2);
  });

  test("also when the whole batch is refused", async () => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "status", status: 400, code: "BadRequest", match: "/$batch", times: 1_000 });
    const { mirror, read, counting } = await readOnce(() => {}, entra);
    expect(await counting(() => read(mirror))).toBe(2);
  });

  test.each([500, 501, 503, 424])("also when it fails with %i in a batch, time and again", async (status) => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "status", status, match: "/delta", level: "batch", times: 1_000 });
    const { mirror, read, counting } = await readOnce((e) => void addPerson(e, "Ana", e.groups.Pro), entra);
    expect(await counting(() => read(mirror))).toBe(2);
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
  });

  test.each([401, 404, 409])("a batch in which an item has %i once is made again", async (status) => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.simulator.faults.add({ kind: "status", status, match: "/delta", level: "batch" });
    expect(await counting(() => read(mirror))).toBe(2);
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("a batch that was refused once is tried again after a full read", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch" });
    await read(mirror);
    expect(await counting(() => read(mirror))).toBe(2);
    await read(mirror, { full: true });
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("an item that is throttled without being told for how long is asked again as long as there is time", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.simulator.faults.add({ kind: "throttle", match: "/delta", level: "batch", times: 6 });
    expect((await read(mirror, { deadline: entra.clock.now() + 240_000 })).kind).toBe("changes");
  });

  test("a wait beyond the deadline that an item asks for ends the cycle, without asking once more", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "900", match: "/delta", level: "batch", times: 9 });
    const reading = () => read(mirror, { deadline: entra.clock.now() + 240_000 }).catch((error) => error);
    expect(await reading()).toMatchObject({ code: "ERR_GRAPH_THROTTLED" });
    expect(await counting(reading)).toBe(1);
  });

  test("nested groups of any depth share one stream of fifty", async () => {
    const { mirror, read, counting } = await readOnce((e) => {
      let above = e.groups.Pro;
      for (let depth = 0; depth < 5; depth += 1) {
        const group = e.tenant.addGroup(`Depth ${depth}`);
        e.tenant.addMember(above, group);
        above = group;
      }
    });
    expect(JSON.parse(mirror.cursor?.value ?? "").streams).toHaveLength(1);
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("more than fifty groups take more streams, one request each without batches", async () => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
    const { mirror, read, counting } = await readOnce((e) => {
      for (let n = 0; n < 60; n += 1) e.tenant.addMember(e.groups.Eco, e.tenant.addGroup(`Team ${n}`));
    }, entra);
    expect(await counting(() => read(mirror))).toBe(3);
  });

  test("one person moved takes at most three requests", async () => {
    let ana = "";
    const { entra, mirror, read, counting } = await readOnce((e) => {
      ana = addPerson(e, "Ana", e.groups.Eco);
    });
    entra.tenant.removeMember(entra.groups.Eco, ana);
    entra.tenant.addMember(entra.groups.Pro, ana);
    expect(await counting(() => read(mirror))).toBe(1);
    expect(mirror.lastChanges()).toMatchObject({
      added: [{ group: entra.groups.Pro, member: ana, kind: "user" }],
      removed: [{ group: entra.groups.Eco, member: ana }],
    });
    await expectAsReadWhole(entra, mirror);
  });

  test("new people come with their properties, three hundred a request", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    for (let n = 0; n < 300; n += 1) addPerson(entra, `New ${n}`, entra.groups.Eco);
    expect(await counting(() => read(mirror))).toBeLessThanOrEqual(4);
    expect(mirror.published.full).toBe(1);
    await expectAsReadWhole(entra, mirror);
  });

  test("a changed property arrives; changes of strangers and unselected properties are passed over", async () => {
    let ana = "";
    const { entra, mirror, read } = await readOnce((e) => {
      ana = addPerson(e, "Ana", e.groups.Eco);
    });
    entra.tenant.updateUser(ana, { mail: "ana.new@contoso.example", city: "Oslo" });
    const stranger = addPerson(entra, "Stranger");
    entra.tenant.updateUser(stranger, { mail: "other@contoso.example" });
    await read(mirror);
    expect(mirror.lastChanges()?.users.map((user) => user.id)).toEqual([ana]);
    await expectAsReadWhole(entra, mirror);
  });

  test("a soft-deleted user, whom no group mentions, is deleted; a restore brings the memberships back", async () => {
    let ana = "";
    const { entra, mirror, read } = await readOnce((e) => {
      ana = addPerson(e, "Ana", e.groups.Pro);
    });
    // What was listed lately may have been listed without Ana.
    entra.clock.advance(3_600_000);
    await read(mirror);
    entra.tenant.deleteUser(ana);
    await read(mirror);
    expect(mirror.deleted()).toEqual([ana]);
    entra.tenant.restoreUser(ana);
    expect((await read(mirror)).kind).toBe("changes");
    expect(mirror.snapshot()[ana]?.groups).toEqual(["Pro", "SecureExchanges_Licences"]);
  });

  test("someone restored after their group came into scope is found again", async () => {
    let ana = "";
    let team = "";
    const { entra, mirror, read } = await readOnce((e) => {
      team = e.tenant.addGroup("Team");
      ana = addPerson(e, "Ana", team);
    });
    entra.tenant.deleteUser(ana);
    await read(mirror);
    entra.tenant.addMember(entra.groups.Pro, team);
    await read(mirror);
    entra.tenant.restoreUser(ana);
    await read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual(["Pro", "SecureExchanges_Licences", "Team"]);
  });

  test("a member whom the directory does not know yet is found once it does", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.tenant.deleteUser(ana);
    await read(mirror);
    expect(mirror.snapshot()).toEqual({});
    entra.tenant.restoreUser(ana);
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
  });

  /** A directory that does not find anybody by id while `late` says so. */
  function lagging(entra: TestEntra, late: () => boolean, network = entra.fetch) {
    const fetch: TestEntra["fetch"] = async (input, init) => {
      const response = await network(input, init);
      if (!late() || !String(init?.body).includes("/users?$filter")) return response;
      return new Response((await response.text()).replace(/"value":\[\{.*?\}\]/g, '"value":[]'));
    };
    return createReader(entra, { fetch });
  }

  test("a member whom the directory finds late only is found as soon as it tells of them", async () => {
    const entra = setUpEntra();
    let late = true;
    const mirror = createMemoryMirror();
    const { read } = lagging(entra, () => late);
    await read(mirror);
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    await read(mirror);
    expect(mirror.snapshot()).toEqual({});
    late = false;
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("somebody of whom one round tells a deletion and a restore is found, though late", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    let late = false;
    // After the end of it comes what was before.
    const disordered: TestEntra["fetch"] = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (!late || !input.includes("/users/delta?$deltatoken")) return response;
      const page = (await response.json()) as { value: object[] };
      return Response.json({ ...page, value: [...page.value, { id: ana, "@removed": { reason: "changed" } }] });
    };
    const mirror = createMemoryMirror();
    const { read, counting } = lagging(entra, () => late, disordered);
    await read(mirror);
    entra.clock.advance(3_600_000);
    await read(mirror);
    late = true;
    entra.tenant.updateUser(ana, { displayName: "Ana Maria" });
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch" });
    await read(mirror);
    expect(mirror.deleted()).toEqual([ana]);
    late = false;
    expect(await counting(() => read(mirror))).toBe(3);
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("more of them than are remembered are all found, by a full read in the next cycle", async () => {
    const entra = setUpEntra();
    let late = true;
    const mirror = createMemoryMirror();
    const { read } = lagging(entra, () => late);
    await read(mirror);
    for (let n = 0; n < 1_200; n += 1) addPerson(entra, `New ${n}`, entra.groups.Eco);
    await read(mirror);
    expect(mirror.snapshot()).toEqual({});
    late = false;
    expect((await read(mirror)).kind).toBe("full");
    expect(Object.keys(mirror.snapshot())).toHaveLength(1_200);
    expect((await read(mirror)).kind).toBe("changes");
  });

  test("and is no longer asked for after a dozen cycles, but found when the directory tells of them", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.tenant.deleteUser(ana);
    const requests: number[] = [];
    for (let cycle = 0; cycle < 15; cycle += 1) requests.push(await counting(() => read(mirror)));
    expect(requests).toEqual([...Array.from({ length: 13 }, () => 2), 1, 1]);
    entra.tenant.restoreUser(ana);
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
  });

  test("repeats, reversed order, slices and operations that cancel each other end in the truth", async () => {
    const entra = setUpEntra({ simulator: { pageSizes: { delta: 2, memberSlice: 3 } } });
    let people: string[] = [];
    const { mirror, read } = await readOnce((e) => {
      people = Array.from({ length: 12 }, (_, n) => addPerson(e, `P${n}`, n % 2 ? e.groups.Eco : e.groups.Pro));
    }, entra);
    for (const id of people) entra.tenant.addMember(entra.groups.Advanced, id);
    for (const id of people.slice(0, 4)) entra.tenant.removeMember(entra.groups.Advanced, id);
    for (const id of people.slice(0, 2)) entra.tenant.addMember(entra.groups.Advanced, id);
    for (const kind of ["deltaDuplicate", "deltaReverse", "deltaRawOperations"] as const) {
      entra.simulator.faults.add({ kind, times: 2 });
    }
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
  });

  test("empty pages on the way are followed", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.simulator.faults.add({ kind: "emptyPage", match: "/delta", times: 3 });
    await read(mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });
});
