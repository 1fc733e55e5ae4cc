import { describe, expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, readOnce, setUpEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

describe("groups, read by delta", () => {
  test("a group nested by day is tracked with everything below it, in one stream, and let go when it leaves", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    const sales = entra.tenant.addGroup("Sales");
    const south = entra.tenant.addGroup("South");
    entra.tenant.addMember(sales, south);
    const ana = addPerson(entra, "Ana", south);
    entra.tenant.addMember(entra.groups.Pro, sales);
    expect((await read(mirror)).kind).toBe("changes");
    expect(mirror.roles()).toMatchObject({ Sales: "nested", South: "nested" });
    expect(mirror.snapshot()[ana]?.groups).toContain("Pro");
    const bob = addPerson(entra, "Bob", south);
    expect(await counting(() => read(mirror))).toBe(2);
    expect(mirror.snapshot()[bob]?.groups).toContain("Pro");
    entra.tenant.removeMember(entra.groups.Pro, sales);
    await read(mirror);
    expect(mirror.roles()).not.toHaveProperty("South");
    expect(mirror.snapshot()).toEqual({});
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("a deleted group goes out of scope, whether or not its parent mentions it", async () => {
    for (const reported of [true, false]) {
      const { entra, mirror, read } = await readOnce((e) => void addPerson(e, "Ana", e.groups.Pro));
      entra.tenant.reportsDeletedNestedGroups = reported;
      entra.tenant.deleteGroup(entra.groups.Pro);
      expect((await read(mirror)).kind).toBe("changes");
      expect(mirror.roles()).not.toHaveProperty("Pro");
      await expectAsReadWhole(entra, mirror);
    }
  });

  test("a renamed group has its new name", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.tenant.renameGroup(entra.groups.Pro, "Pro Plus");
    await read(mirror);
    expect(mirror.roles()).toMatchObject({ "Pro Plus": "member" });
  });

  test("when the parent is renamed away from its configured name the cycle fails and the mirror stays", async () => {
    const { entra, mirror, read } = await readOnce((e) => void addPerson(e, "Ana", e.groups.Pro));
    const before = mirror.snapshot();
    entra.tenant.renameGroup(entra.groups.parent, "Something else");
    for (let cycle = 0; cycle < 2; cycle += 1) {
      expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GROUP_NOT_FOUND" });
    }
    expect(mirror.snapshot()).toEqual(before);
  });

  test("a nested group that hides its members fails the cycle", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.tenant.addMember(entra.groups.Pro, entra.tenant.addGroup("Secret", { visibility: "HiddenMembership" }));
    const published = { ...mirror.published };
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GROUP_HIDDEN" });
    expect(mirror.published).toEqual(published);
  });

  test("a group that hides its members, came and went, and is told of in the wrong order is no matter", async () => {
    const { entra, mirror, read } = await readOnce(
      () => {},
      setUpEntra({ simulator: { pageSizes: { memberSlice: 1 } } }),
    );
    const { Pro, Eco } = entra.groups;
    const secret = entra.tenant.addGroup("Secret", { visibility: "HiddenMembership" });
    entra.tenant.addMember(Pro, secret);
    entra.tenant.removeMember(Pro, secret);
    const ana = addPerson(entra, "Ana", Eco);
    entra.simulator.faults.add({ kind: "deltaRawOperations", match: "/groups/delta" });
    entra.simulator.faults.add({ kind: "deltaReverse", match: "/groups/delta" });
    expect((await read(mirror)).kind).toBe("changes");
    expect(mirror.snapshot()).toHaveProperty(ana);
    await expectAsReadWhole(entra, mirror);
  });

  test("very many groups that come into scope at once are read whole, which can be cut and gone on with", async () => {
    const { entra, mirror, read } = await readOnce();
    const above = entra.tenant.addGroup("Above");
    const below = Array.from({ length: 60 }, (_, n) => entra.tenant.addGroup(`Below ${n}`));
    for (const id of below) entra.tenant.addMember(above, id);
    const ana = addPerson(entra, "Ana", below[59] ?? "");
    entra.tenant.addMember(entra.groups.Pro, above);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    addPerson(entra, "Ben", below[0] ?? "");
    expect((await read(mirror)).kind).toBe("changes");
    await expectAsReadWhole(entra, mirror);
  });

  test("a group nested at any moment of a full read is nested in the mirror", async () => {
    for (const first of [true, false]) {
      for (let moment = 0, over = false; !over; moment += 1) {
        const entra = setUpEntra();
        const group = entra.tenant.addGroup("New");
        addPerson(entra, "Ana", group);
        let asked = 0;
        let armed = first;
        const fetch: typeof entra.fetch = async (input, init) => {
          if (armed && asked++ === moment) entra.tenant.addMember(entra.groups.Pro, group);
          return await entra.fetch(input, init);
        };
        const mirror = createMemoryMirror();
        const { read } = createReader(entra, { fetch });
        if (!first) await read(mirror);
        armed = true;
        await read(mirror, { full: true });
        over = asked <= moment;
        armed = false;
        if (over) entra.tenant.addMember(entra.groups.Pro, group);
        await read(mirror);
        await expectAsReadWhole(entra, mirror);
      }
    }
  });

  test.each([
    ["another group is nested", false],
    ["everything is read", true],
  ])("a deleted group is found again when it is restored, though %s meanwhile", async (_, full) => {
    const entra = setUpEntra();
    const team = entra.tenant.addGroup("Team", { groupTypes: ["Unified"] });
    entra.tenant.addMember(entra.groups.Pro, team);
    const ana = addPerson(entra, "Ana", team);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.tenant.deleteGroup(team);
    await read(mirror);
    expect(mirror.snapshot()).toEqual({});
    if (!full) entra.tenant.addMember(entra.groups.Eco, entra.tenant.addGroup("Other"));
    await read(mirror, { full });
    // It comes back with its place, which nothing else tells.
    entra.tenant.restoreGroup(team);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    await expectAsReadWhole(entra, mirror);
  });

  test("a group that is nested and not known yet to the server that is asked is found by its parent's list", async () => {
    const { entra, mirror, read } = await readOnce();
    const group = entra.tenant.addGroup("New");
    const ana = addPerson(entra, "Ana", group);
    entra.tenant.addMember(entra.groups.Pro, group);
    entra.simulator.faults.add({
      kind: "status",
      status: 404,
      code: "Request_ResourceNotFound",
      match: `/groups/${group}?`,
      level: "batch",
    });
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    await expectAsReadWhole(entra, mirror);
  });

  test.each([
    ["is there, then that it was deleted", false],
    ["was deleted, then that it is there", true],
  ])("changes that say of a living group that it %s lead to a full read", async (_, reversed) => {
    for (const name of ["New", "Pro"]) {
      const entra = setUpEntra();
      entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
      const nested = entra.tenant.addGroup("New");
      entra.tenant.addMember(entra.groups.Pro, nested);
      addPerson(entra, "Ana", nested);
      const id = name === "New" ? nested : entra.groups.Pro;
      const entries: object[] = [
        { id, displayName: name },
        { id, "@removed": { reason: "changed" } },
      ];
      if (reversed) entries.reverse();
      let armed = false;
      const fetch: typeof entra.fetch = async (input, init) => {
        const response = await entra.fetch(input, init);
        if (!armed || !input.includes("/groups/delta?$deltatoken")) return response;
        armed = false;
        return Response.json({ ...((await response.json()) as object), value: entries });
      };
      const mirror = createMemoryMirror();
      const { read } = createReader(entra, { fetch });
      await read(mirror);
      armed = true;
      expect((await read(mirror)).kind).toBe("full");
      expect(armed).toBeFalse();
      await expectAsReadWhole(entra, mirror);
    }
  });
});
