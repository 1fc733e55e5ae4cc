/** People and groups that were deleted while groups were listed: listings leave them out, and a restore is told of nowhere but in itself. */
import { describe, expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, readOnce, setUpEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

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
