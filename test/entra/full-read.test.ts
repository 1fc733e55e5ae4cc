import { describe, expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, SCOPE, setUpEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

describe("full read", () => {
  test("reads the parent, its groups, what is nested below, and everybody with exactly the selected properties", async () => {
    const entra = setUpEntra();
    const sales = entra.tenant.addGroup("Sales");
    const south = entra.tenant.addGroup("Sales South");
    entra.tenant.addMember(entra.groups.Pro, sales);
    entra.tenant.addMember(sales, south);
    entra.tenant.addMember(south, sales); // a circle
    const ana = addPerson(entra, "Ana", south);
    const bob = addPerson(entra, "Bob", entra.groups.Eco, entra.groups.Pro);
    const direct = addPerson(entra, "Carl", entra.groups.parent);
    addPerson(entra, "Stranger");
    entra.tenant.addMember(entra.groups.Eco, entra.tenant.addOther("device", { displayName: "Scanner" }));
    const mirror = createMemoryMirror();
    const result = await createReader(entra).read(mirror);

    expect(result).toEqual({ kind: "full", serverTime: entra.clock.now() });
    expect(mirror.roles()).toEqual({
      SecureExchanges_Licences: "parent",
      Pro: "member",
      Advanced: "member",
      Eco: "member",
      No_Licence: "member",
      Sales: "nested",
      "Sales South": "nested",
    });
    const snapshot = mirror.snapshot();
    expect(Object.keys(snapshot).sort()).toEqual([ana, bob, direct].sort());
    expect(snapshot[ana]?.groups).toEqual(["Pro", "Sales", "Sales South", "SecureExchanges_Licences"]);
    expect(snapshot[ana]?.properties).toEqual({
      id: ana,
      displayName: "Ana",
      userPrincipalName: "ana@contoso.example",
      mail: "ana@contoso.example",
      givenName: null,
      surname: null,
      accountEnabled: true,
      userType: "Member",
      preferredLanguage: null,
    });
    expect(snapshot[bob]?.groups).toEqual(["Eco", "Pro", "SecureExchanges_Licences"]);
  });

  test("asks for no more pages of a group than its members need", async () => {
    const entra = setUpEntra();
    for (let n = 0; n < 2_000; n += 1) addPerson(entra, `P${n}`, entra.groups.Eco);
    await createReader(entra).read(createMemoryMirror());
    expect(entra.simulator.log.count(`/groups/${entra.groups.Eco}/members`)).toBe(3);
    expect(entra.simulator.log.count(`/groups/${entra.groups.Pro}/members`)).toBe(1);
  });

  test("keeps groups that rules name outside the parent, by name and by id", async () => {
    const entra = setUpEntra();
    const legal = entra.tenant.addGroup("Legal d'Or #1 & Co");
    const interns = entra.tenant.addGroup("Interns");
    const below = entra.tenant.addGroup("Below");
    entra.tenant.addMember(interns, below);
    const ana = addPerson(entra, "Ana", legal, below);
    const mirror = createMemoryMirror();
    const others = [{ name: "Legal d'Or #1 & Co" }, { id: interns }, { id: entra.groups.Pro }];
    await createReader(entra).read(mirror, { scope: { ...SCOPE, others } });
    expect(mirror.roles()).toMatchObject({
      "Legal d'Or #1 & Co": "other",
      Interns: "other",
      Below: "nested",
      Pro: "member",
    });
    expect(mirror.snapshot()[ana]?.groups).toEqual(["Below", "Interns", "Legal d'Or #1 & Co"]);
  });

  test("tells people who were deleted from those who only left", async () => {
    const entra = setUpEntra();
    const left = addPerson(entra, "Left", entra.groups.Pro);
    const deleted = addPerson(entra, "Deleted", entra.groups.Pro);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.tenant.removeMember(entra.groups.Pro, left);
    entra.tenant.deleteUser(deleted);
    await read(mirror, { full: true });
    expect(mirror.deleted()).toEqual([deleted]);
    expect(mirror.snapshot()).toEqual({});
  });

  const refusals: readonly [string, string, (entra: ReturnType<typeof setUpEntra>) => void][] = [
    ["a page that is cut", "ERR_GRAPH_INCOMPLETE", (e) => e.simulator.faults.add({ kind: "cut", match: "/members" })],
    ["an empty answer", "ERR_GRAPH_INCOMPLETE", (e) => e.simulator.faults.add({ kind: "empty", match: "/members" })],
    [
      "people without properties",
      "ERR_GRAPH_INCOMPLETE",
      (e) => e.simulator.faults.add({ kind: "nullProperties", times: 9 }),
    ],
    [
      "a next page elsewhere",
      "ERR_GRAPH_ORIGIN",
      (e) => e.simulator.faults.add({ kind: "foreignNextLink", match: "/members", origin: "http://127.0.0.1:10" }),
    ],
    [
      "the same next page for ever",
      "ERR_GRAPH_INCOMPLETE",
      (e) => e.simulator.faults.add({ kind: "repeatNextLink", match: "/members", times: 99 }),
    ],
    [
      "a failing page",
      "ERR_GRAPH_REFUSED",
      (e) => e.simulator.faults.add({ kind: "status", status: 500, match: "/members", times: 99 }),
    ],
    [
      "a proxy's page",
      "ERR_GRAPH_REFUSED",
      (e) => e.simulator.faults.add({ kind: "html", match: "/members", times: 99 }),
    ],
    [
      "a broken connection",
      "ERR_GRAPH_UNREACHABLE",
      (e) => e.simulator.faults.add({ kind: "close", match: "/members", times: 99 }),
    ],
    [
      "a group that hides its members",
      "ERR_GROUP_HIDDEN",
      (e) => {
        e.tenant.addMember(e.groups.Eco, e.tenant.addGroup("Secret", { visibility: "HiddenMembership" }));
      },
    ],
    ["no parent group", "ERR_GROUP_NOT_FOUND", (e) => e.tenant.renameGroup(e.groups.parent, "SecureExchange_Licences")],
    ["two parent groups", "ERR_GROUP_AMBIGUOUS", (e) => void e.tenant.addGroup("SecureExchanges_Licences")],
  ];
  test.each(refusals)("publishes nothing after %s", async (_, code, spoil) => {
    const entra = setUpEntra();
    addPerson(entra, "Ana", entra.groups.Eco);
    spoil(entra);
    const mirror = createMemoryMirror();
    const failure = await createReader(entra)
      .read(mirror)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "AgentError", code });
    expect(mirror.published).toEqual({ full: 0, changes: 0 });
  });

  test("names the nearest group when one is not found", async () => {
    const entra = setUpEntra();
    entra.tenant.renameGroup(entra.groups.parent, "SecureExchange_Licences");
    const failure = await createReader(entra)
      .read(createMemoryMirror())
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      hint: expect.stringContaining('did you mean "SecureExchange_Licences"?'),
      facts: { group: "SecureExchanges_Licences" },
    });
  });

  test("goes on where it was cut, with what came before still staged", async () => {
    const entra = setUpEntra({ limits: { groupsAtOnce: 1 } });
    for (let n = 0; n < 3_000; n += 1) addPerson(entra, `P${n}`, entra.groups.Eco);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "300", match: `${entra.groups.Eco}/members`, after: 2 });
    const deadline = entra.clock.now() + 240_000;
    expect(await read(mirror, { deadline }).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_THROTTLED" });
    expect(entra.waits).toEqual([]);
    expect(mirror.staged.filter((id) => id === entra.groups.Eco)).toHaveLength(2);
    const before = entra.simulator.log.count("/members");
    await read(mirror);
    expect(Object.keys(mirror.snapshot())).toHaveLength(3_000);
    // Two pages of Eco that were left, and No_Licence.
    expect(entra.simulator.log.count("/members") - before).toBe(3);
  });

  test.each([
    ["half a page", { kind: "empty" }, "ERR_GRAPH_INCOMPLETE"],
    ["HTTP 500", { kind: "status", status: 500 }, "ERR_GRAPH_REFUSED"],
  ] as const)("does not stand in the way of changes when a group's list is %s for good", async (_, fault, code) => {
    const entra = setUpEntra();
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    await read(mirror);
    entra.simulator.faults.add({ ...fault, match: `${entra.groups.Eco}/members`, times: 1_000 });
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    // Once more, since it may have been for the moment.
    for (const full of [true, false]) {
      expect(await read(mirror, { full }).catch((error) => error)).toMatchObject({ code });
    }
    expect((await read(mirror)).kind).toBe("changes");
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("of a first time keeps what it has, however often it is cut at one place", async () => {
    const entra = setUpEntra();
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    entra.simulator.faults.add({ kind: "status", status: 500, match: `${entra.groups.Eco}/members`, times: 1_000 });
    for (let n = 0; n < 3; n += 1) {
      expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_REFUSED" });
      expect(mirror.staged).toContain(entra.groups.Pro);
    }
    entra.simulator.faults.clear();
    await read(mirror);
    await expectAsReadWhole(entra, mirror);
  });

  test("begins anew when Graph no longer knows the page it was cut at", async () => {
    const entra = setUpEntra();
    for (let n = 0; n < 1_500; n += 1) addPerson(entra, `P${n}`, entra.groups.Eco);
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "300", match: "$skiptoken" });
    await read(mirror, { deadline: entra.clock.now() + 1_000 }).catch(() => {});
    expect(mirror.progress).not.toBeNull();
    entra.simulator.faults.add({ kind: "status", status: 400, code: "Request_BadRequest", match: "$skiptoken" });
    await read(mirror);
    expect(Object.keys(mirror.snapshot())).toHaveLength(1_500);
  });

  test("stops when the agent is asked to, and says so", async () => {
    const entra = setUpEntra();
    const mirror = createMemoryMirror();
    entra.simulator.faults.add({ kind: "never", match: "/members" });
    const stop = new AbortController();
    const reading = createReader(entra).read(mirror, { signal: stop.signal });
    stop.abort();
    expect(await reading.catch((error) => error)).toMatchObject({ code: "ERR_STOPPED" });
  });

  test("reads everything in every cycle where the tenant gives no delta", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Eco);
    entra.simulator.faults.add({ kind: "status", status: 501, code: "NotImplemented", match: "/delta", times: 99 });
    const mirror = createMemoryMirror();
    const { read } = createReader(entra);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.cursor).toBeNull();
    entra.tenant.removeMember(entra.groups.Eco, ana);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toEqual({});
  });
});
