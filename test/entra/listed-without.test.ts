/** People and groups that are deleted or restored while groups are listed: which of the lists they are missing from is told by nobody. */
import { describe, expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, setUpEntra, type TestEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

const HOUR = 3_600_000;
const ALL = ["No_Licence", "Pro", "SecureExchanges_Licences"];

/** `before` is called before every request; what it throws is a line that is cut. */
function during(entra: TestEntra, before: (url: string) => void) {
  const fetch: TestEntra["fetch"] = async (url, init) => {
    before(url);
    return await entra.fetch(url, init);
  };
  return createReader(entra, { fetch });
}

/** `act` is called whenever a list of the group is asked for; `times`: how often it was by then. */
function whenListed(entra: TestEntra, group: string, act: (times: number) => void) {
  let times = 0;
  return during(entra, (url) => {
    if (!url.includes(`${group}/members`)) return;
    times += 1;
    act(times);
  });
}

/** A group's list is cut until `mend` is called; the groups before it are listed. */
function cutAt(entra: TestEntra, group: string) {
  let cut = true;
  const reader = during(entra, (url) => {
    if (cut && url.includes(`${group}/members`)) throw new TypeError("the line is cut");
  });
  const mend = (): void => {
    cut = false;
  };
  return { ...reader, mend };
}

function setUp() {
  return setUpEntra({ limits: { groupsAtOnce: 1 } });
}

/** Ana is in Pro, which is listed first, and in No_Licence. */
function setUpAna() {
  const entra = setUp();
  const { Pro, No_Licence } = entra.groups;
  const ana = addPerson(entra, "Ana", Pro, No_Licence);
  entra.clock.advance(HOUR);
  return { entra, ana, early: Pro, late: No_Licence };
}

describe("somebody in two groups, of which one is listed after the other", () => {
  test("who is restored between the two, in a read that was cut, is in both", async () => {
    const { entra, ana, late } = setUpAna();
    const mirror = createMemoryMirror();
    const { read, mend } = cutAt(entra, late);
    await createReader(entra).read(mirror);
    entra.tenant.deleteUser(ana);
    await createReader(entra).read(mirror);
    expect(await read(mirror, { full: true }).catch((error) => error)).toBeInstanceOf(Error);
    expect(mirror.progress).not.toBeNull();
    entra.tenant.restoreUser(ana);
    mend();
    await read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
  });

  test("who is restored between the two, in a read without a cut, is in both", async () => {
    const { entra, ana, late } = setUpAna();
    const mirror = createMemoryMirror();
    await createReader(entra).read(mirror);
    entra.tenant.deleteUser(ana);
    await createReader(entra).read(mirror);
    const { read } = during(entra, (url) => {
      if (url.includes(`${late}/members`) && entra.tenant.find(ana) === null) entra.tenant.restoreUser(ana);
    });
    await read(mirror, { full: true });
    expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
  });

  test("who is deleted and restored within one read is in both, at the first read too", async () => {
    for (const first of [true, false]) {
      const { entra, ana, early, late } = setUpAna();
      const mirror = createMemoryMirror();
      if (!first) await createReader(entra).read(mirror);
      let times = 0;
      const { read } = during(entra, (url) => {
        if (times === 0 && url.includes(`${early}/members`)) entra.tenant.deleteUser(ana);
        if (times === 0 && url.includes(`${late}/members`)) {
          times += 1;
          entra.tenant.restoreUser(ana);
        }
      });
      await read(mirror, { full: true });
      expect(times).toBe(1);
      expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
    }
  });

  test("who is restored when all is read for the second time in a cycle is not judged before the next", async () => {
    const { entra, ana, late } = setUpAna();
    const bob = addPerson(entra, "Bob", entra.groups.Eco);
    const mirror = createMemoryMirror();
    await createReader(entra).read(mirror);
    entra.tenant.deleteUser(ana);
    await createReader(entra).read(mirror);
    const { read } = whenListed(entra, late, (reads) => {
      if (reads === 1) entra.tenant.updateUser(bob, { displayName: "Robert" });
      if (reads === 2) entra.tenant.restoreUser(ana);
    });
    expect(await read(mirror, { full: true }).catch((error) => error)).toMatchObject({ code: "ERR_DELTA_RESET" });
    await read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
  });

  test("who is said to come and go in read after read is judged in the second cycle, and read again in the third", async () => {
    const { entra, ana, late } = setUpAna();
    const bob = addPerson(entra, "Bob", entra.groups.Eco);
    const mirror = createMemoryMirror();
    await createReader(entra).read(mirror);
    let reads = 0;
    const { read } = whenListed(entra, late, (times) => {
      reads = times;
      if (reads % 2 === 1) entra.tenant.updateUser(bob, { displayName: `Robert ${reads}` });
      else entra.tenant.restoreUser(ana);
    });
    entra.tenant.deleteUser(ana);
    expect(await read(mirror, { full: true }).catch((error) => error)).toMatchObject({ code: "ERR_DELTA_RESET" });
    entra.tenant.deleteUser(ana);
    expect(await read(mirror, { full: true })).toMatchObject({ kind: "full" });
    expect(reads).toBe(4);
    await createReader(entra).read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
    // Once changes were got through, the next doubt is waited for as long as the first.
    entra.tenant.deleteUser(ana);
    expect(await read(mirror, { full: true }).catch((error) => error)).toMatchObject({ code: "ERR_DELTA_RESET" });
  });

  test("who is deleted between the two and restored later is in both", async () => {
    for (const wait of [0, 2 * HOUR]) {
      const { entra, ana, late } = setUpAna();
      const mirror = createMemoryMirror();
      const { read } = whenListed(entra, late, (times) => {
        if (times === 1) entra.tenant.deleteUser(ana);
      });
      await read(mirror);
      expect(mirror.snapshot()).toEqual({});
      entra.clock.advance(wait);
      await read(mirror);
      entra.tenant.restoreUser(ana);
      await read(mirror);
      expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
    }
  });

  test("whose deletion is told late only, and who is restored later, is in both", async () => {
    const { entra, ana, late } = setUpAna();
    const mirror = createMemoryMirror();
    const { read } = whenListed(entra, late, (times) => {
      if (times > 1) return;
      entra.tenant.deleteUser(ana);
      entra.tenant.replicationDelay = 60_000;
    });
    await read(mirror);
    entra.clock.advance(300_000);
    await read(mirror);
    expect(mirror.deleted()).toEqual([ana]);
    entra.clock.advance(2 * HOUR);
    await read(mirror);
    entra.tenant.restoreUser(ana);
    entra.clock.advance(300_000);
    await read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual(ALL);
  });

  test("with a Microsoft 365 group that is restored between the two, is in both", async () => {
    const { entra, ana, early, late } = setUpAna();
    const team = entra.tenant.addGroup("Team", { groupTypes: ["Unified"] });
    const bob = addPerson(entra, "Bob", team);
    for (const group of [early, late]) entra.tenant.addMember(group, team);
    const mirror = createMemoryMirror();
    await createReader(entra).read(mirror);
    entra.tenant.deleteGroup(team);
    await createReader(entra).read(mirror);
    expect(Object.keys(mirror.snapshot())).toEqual([ana]);
    const { read } = during(entra, (url) => {
      if (url.includes(`${late}/members`) && entra.tenant.find(team) === null) entra.tenant.restoreGroup(team);
    });
    await read(mirror, { full: true });
    expect(mirror.snapshot()[bob]?.groups).toEqual([...ALL, "Team"].sort());
    await expectAsReadWhole(entra, mirror);
  });
});

test("somebody who is deleted as a group of theirs comes into scope, and restored later, is in it", async () => {
  for (const wait of [0, 2 * HOUR]) {
    const entra = setUp();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    const team = entra.tenant.addGroup("Team");
    entra.tenant.addMember(team, ana);
    const mirror = createMemoryMirror();
    await createReader(entra).read(mirror);
    entra.clock.advance(2 * HOUR);
    await createReader(entra).read(mirror);
    entra.tenant.addMember(entra.groups.No_Licence, team);
    const { read } = during(entra, (url) => {
      if (url.includes(`${team}/members`) && entra.tenant.find(ana) !== null) entra.tenant.deleteUser(ana);
    });
    await read(mirror);
    entra.clock.advance(wait);
    const later = createReader(entra);
    await later.read(mirror);
    expect(mirror.deleted()).toEqual([ana]);
    entra.tenant.restoreUser(ana);
    await later.read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toEqual([...ALL, "Team"]);
  }
});

describe("nothing is read whole again and again", () => {
  test("because of a stranger who was restored once", async () => {
    const entra = setUp();
    const stranger = addPerson(entra, "Stranger");
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.tenant.deleteUser(stranger);
    await read(mirror);
    entra.tenant.restoreUser(stranger);
    expect((await read(mirror)).kind).toBe("full");
    for (let n = 0; n < 3; n += 1) {
      entra.tenant.updateUser(stranger, { displayName: `Stranger ${n}` });
      expect((await read(mirror)).kind).toBe("changes");
    }
  });

  test("because of a group that was restored and is in scope no more", async () => {
    const entra = setUp();
    const team = entra.tenant.addGroup("Team", { groupTypes: ["Unified"] });
    entra.tenant.addMember(entra.groups.Pro, team);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.tenant.deleteGroup(team);
    await read(mirror);
    entra.tenant.removeMember(entra.groups.Pro, team);
    entra.tenant.restoreGroup(team);
    expect((await read(mirror)).kind).toBe("full");
    for (let n = 0; n < 3; n += 1) {
      addPerson(entra, `Person ${n}`, team);
      expect((await read(mirror)).kind).toBe("changes");
    }
    entra.tenant.deleteGroup(team);
    await read(mirror);
    entra.tenant.addMember(entra.groups.Pro, addPerson(entra, "Ana"));
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
  });

  test("because people change whenever everything is read", async () => {
    const entra = setUp();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    const mirror = createMemoryMirror();
    let changes = 0;
    const { read } = during(entra, (url) => {
      if (!url.includes("/members")) return;
      changes += 1;
      entra.tenant.updateUser(ana, { displayName: `Ana ${changes}` });
    });
    for (const full of [true, false, true]) {
      const before = mirror.published.full;
      await read(mirror, { full });
      expect(mirror.published.full - before).toBe(full ? 2 : 0);
      await expectAsReadWhole(entra, mirror);
    }
  });
});
