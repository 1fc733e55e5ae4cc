import { describe, expect, test } from "bun:test";
import {
  addPerson,
  createReader,
  expectAsReadWhole,
  readOnce,
  SCOPE,
  setUpEntra,
  type TestEntra,
} from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

describe("delta read, when something is wrong", () => {
  const resets: readonly [string, Parameters<TestEntra["simulator"]["faults"]["add"]>[0]][] = [
    ["410 Gone", { kind: "deltaGone", match: "/delta" }],
    ["400 syncStateNotFound", { kind: "deltaExpired", match: "/delta" }],
    ["404 resyncRequired", { kind: "deltaExpired", match: "/delta", status: 404, code: "ResyncRequired" }],
    ["any 400 twice in a row", { kind: "status", status: 400, code: "BadRequest", match: "/users/delta", times: 3 }],
  ];
  test.each(resets)("%s leads to a full read in the same cycle", async (_, fault) => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.simulator.faults.add(fault);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    expect((await read(mirror)).kind).toBe("changes");
  });

  test("a delta token of more than a week ago leads to a full read", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.clock.advance(8 * 86_400_000);
    expect((await read(mirror)).kind).toBe("full");
    expect((await read(mirror)).kind).toBe("changes");
  });

  test("another scope or other properties lead to a full read", async () => {
    const { mirror, read } = await readOnce();
    const scope = { ...SCOPE, properties: [...SCOPE.properties, "department"] };
    expect((await read(mirror, { scope })).kind).toBe("full");
    expect((await read(mirror, { scope })).kind).toBe("changes");
  });

  test("more changes than may be kept in memory are read whole", async () => {
    const entra = setUpEntra({ limits: { changes: 10 } });
    const { mirror, read } = await readOnce(() => {}, entra);
    for (let n = 0; n < 11; n += 1) addPerson(entra, `P${n}`, entra.groups.Eco);
    expect((await read(mirror)).kind).toBe("full");
    expect(Object.keys(mirror.snapshot())).toHaveLength(11);
  });

  test("a failure on the way leaves mirror and cursor as they were, and the change comes with the next cycle", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    const before = mirror.cursor?.value;
    entra.simulator.faults.add({ kind: "cut", match: "/$batch" });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_INCOMPLETE" });
    expect(mirror.cursor?.value).toBe(before ?? "");
    await read(mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("somebody of whom changes give nothing but null fails the cycle, and stays as they were", async () => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    let armed = false;
    const fetch: typeof entra.fetch = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (!armed || !input.includes("/users/delta?")) return response;
      const nothing = Object.fromEntries(SCOPE.properties.map((name) => [name, null]));
      return Response.json({ ...((await response.json()) as object), value: [{ ...nothing, id: ana }] });
    };
    const mirror = createMemoryMirror();
    const { read } = createReader(entra, { fetch });
    await read(mirror);
    const before = mirror.snapshot();
    armed = true;
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_INCOMPLETE" });
    expect(mirror.snapshot()).toEqual(before);
  });

  test("a token that is refused says nothing about delta in a batch", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.clock.advance(2 * 3_600_000);
    entra.simulator.faults.add({ kind: "aadsts", code: 700016 });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_CREDENTIAL" });
    await read(mirror);
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("a delta link that leads elsewhere is refused", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.simulator.faults.add({
      kind: "foreignNextLink",
      match: "/groups/delta",
      origin: "https://graph.evil.example",
    });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_ORIGIN" });
  });

  test("a throttled item of the batch is asked again after its own Retry-After", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "7", match: "/users/delta", level: "batch" });
    expect(await counting(() => read(mirror))).toBe(2);
    expect(entra.waits).toEqual([7_000]);
  });

  test("changes that happen while a full read runs are in the mirror when it ends", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Eco);
    const mirror = createMemoryMirror();
    let moved = false;
    const fetch: typeof entra.fetch = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (!moved && input.includes(`${entra.groups.No_Licence}/members`)) {
        moved = true;
        entra.tenant.removeMember(entra.groups.Eco, ana);
        entra.tenant.addMember(entra.groups.Pro, ana);
      }
      return response;
    };
    await createReader(entra, { fetch }).read(mirror);
    expect(moved).toBeTrue();
    await expectAsReadWhole(entra, mirror);
  });
});

describe("somebody who is restored", () => {
  test("is found though they came and were deleted between the last changes and a full read", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.tenant.deleteUser(ana);
    await read(mirror, { full: true });
    entra.tenant.restoreUser(ana);
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("is found though a full read begins because the place in the changes was lost", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.tenant.deleteUser(ana);
    await read(mirror);
    entra.simulator.faults.add({ kind: "deltaGone", match: "/delta" });
    expect((await read(mirror)).kind).toBe("full");
    entra.tenant.restoreUser(ana);
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("while everything is read, and so has to be read again, is found in the same cycle", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.tenant.deleteUser(ana);
    await read(mirror);
    // Ana's group is listed without her, then she is restored, before the changes of that time are read.
    const fetch: typeof entra.fetch = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (entra.tenant.find(ana) === null && input.includes(`${entra.groups.No_Licence}/members`)) {
        entra.tenant.restoreUser(ana);
      }
      return response;
    };
    expect((await createReader(entra, { fetch }).read(mirror, { full: true })).kind).toBe("full");
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("and leaves the group before everything is read is found when they join again", async () => {
    let ana = "";
    const { entra, mirror, read } = await readOnce((e) => {
      ana = addPerson(e, "Ana", e.groups.Pro);
    });
    entra.tenant.deleteUser(ana);
    await read(mirror);
    await read(mirror, { full: true });
    entra.tenant.restoreUser(ana);
    entra.tenant.removeMember(entra.groups.Pro, ana);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.deleted()).toEqual([]);
    entra.tenant.addMember(entra.groups.Pro, ana);
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("is like everybody else once a full read has found them", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    await read(mirror);
    entra.tenant.deleteUser(ana);
    await read(mirror);
    entra.tenant.restoreUser(ana);
    expect((await read(mirror, { full: true })).kind).toBe("full");
    entra.tenant.updateUser(ana, { displayName: "Ana Maria" });
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
  });

  test("is found though they were deleted when their group was listed by a first read that was cut", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.parent);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    // Deleted as soon as the changes are tracked, listed without, and cut.
    let listed = false;
    const fetch: typeof entra.fetch = async (input, init) => {
      if (!listed && input.includes("/members")) {
        listed = true;
        entra.tenant.deleteUser(ana);
      }
      if (input.includes(`${entra.groups.Pro}/members`)) throw new TypeError("the line is cut");
      return await entra.fetch(input, init);
    };
    expect(
      await createReader(entra, { fetch })
        .read(mirror)
        .catch((error) => error),
    ).toBeInstanceOf(Error);
    expect(mirror.progress).not.toBeNull();
    let resumed = false;
    const later: typeof entra.fetch = async (input, init) => {
      if (!resumed && input.includes("/members")) {
        resumed = true;
        entra.tenant.restoreUser(ana);
      }
      return await entra.fetch(input, init);
    };
    await createReader(entra, { fetch: later }).read(mirror);
    expect(resumed).toBeTrue();
    await expectAsReadWhole(entra, mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
  });
});
