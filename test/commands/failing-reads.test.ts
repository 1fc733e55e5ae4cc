/** Unknown is never empty: whatever goes wrong while reading, nothing is applied, and the cause and the remedy are named. */
import { describe, expect, test } from "bun:test";
import type { Fault } from "../../src/simulator/faults.ts";
import { exported, openHome, type TestHome } from "../support/home.ts";

/** Five people with Pro; then one should lose it, one should come, one has left. */
async function aboutToChange(): Promise<TestHome> {
  const home = openHome({ purgeAfter: "0s" });
  const people = Array.from({ length: 5 }, (_, i) => home.person(`Person ${i}`, ["Pro"]));
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  const [first = "", second = ""] = people;
  home.tenant.removeMember(home.groups["Pro"] as string, first);
  home.tenant.addMember(home.groups["No_Licence"] as string, first);
  home.tenant.removeMember(home.groups["Pro"] as string, second);
  home.person("Newcomer", ["Eco"]);
  return home;
}

async function expectNothingApplied(
  home: TestHome,
  argv: readonly ["sync", ...string[]],
  code: string | RegExp,
): Promise<void> {
  const before = await exported(home);
  const failed = await home.run(...argv, "--json");
  expect(failed.code).toBe(1);
  const [cycle] = failed.json.cycles;
  expect(cycle).toMatchObject({ outcome: "failed", held: {} });
  if (argv.includes("--full")) expect(cycle.kind).toBe("full");
  expect(Object.values(cycle.actions).every((count) => count === 0)).toBe(true);
  expect(cycle.error?.code).toMatch(code);
  expect(cycle.error?.message.length).toBeGreaterThan(20);
  expect(cycle.error?.hint.length).toBeGreaterThan(20);
  expect(await exported(home)).toEqual(before);
}

const MEMBERS = /\/groups\/[^/]+\/members/;
const DELTA = /\/delta/;
const ALWAYS = { times: 10_000 };

const faults: Record<string, { readonly full: Fault; readonly delta?: Fault; readonly code: RegExp }> = {
  "a refused page": {
    // Refused changes are no failure: everything is read then.
    full: { kind: "status", status: 400, match: MEMBERS, ...ALWAYS },
    code: /^ERR_GRAPH_REFUSED$/,
  },
  "a page cut in the middle": {
    full: { kind: "cut", match: MEMBERS, ...ALWAYS },
    delta: { kind: "cut", ...ALWAYS, match: /\$batch|\/delta/ },
    code: /^ERR_GRAPH_/,
  },
  "people without their properties": {
    full: { kind: "nullProperties", ...ALWAYS },
    delta: { kind: "nullProperties", ...ALWAYS },
    code: /^ERR_GRAPH_(INCOMPLETE|FORBIDDEN)$/,
  },
  "an empty answer": {
    full: { kind: "empty", match: MEMBERS, ...ALWAYS },
    delta: { kind: "empty", match: /\$batch|\/delta/, ...ALWAYS },
    code: /^ERR_GRAPH_/,
  },
  "a proxy's page in place of the answer": {
    full: { kind: "html", status: 200, match: MEMBERS, ...ALWAYS },
    delta: { kind: "html", status: 200, match: /\$batch|\/delta/, ...ALWAYS },
    code: /^ERR_GRAPH_/,
  },
  "a next page that never ends": {
    full: { kind: "repeatNextLink", match: MEMBERS, ...ALWAYS },
    code: /^ERR_GRAPH_/,
  },
  "a next page at another address": {
    full: { kind: "foreignNextLink", origin: "https://graph.example", match: MEMBERS, ...ALWAYS },
    code: /^ERR_GRAPH_ORIGIN$/,
  },
  "a refusal for lack of rights": {
    full: { kind: "status", status: 403, code: "Authorization_RequestDenied", match: MEMBERS, ...ALWAYS },
    delta: { kind: "status", status: 403, code: "Authorization_RequestDenied", match: DELTA, ...ALWAYS },
    code: /^ERR_GRAPH_FORBIDDEN$/,
  },
  "no token": {
    full: { kind: "aadsts", code: 7000222, ...ALWAYS, match: "oauth2" },
    delta: { kind: "aadsts", code: 7000222, ...ALWAYS, match: "oauth2" },
    code: /^ERR_CREDENTIAL$/,
  },
};

describe("nothing is applied after", () => {
  for (const [name, { full, delta, code }] of Object.entries(faults)) {
    test(`${name}, reading everything`, async () => {
      const home = await aboutToChange();
      home.simulator.faults.add(full);
      await expectNothingApplied(home, ["sync", "--full"], code);
      home.simulator.faults.clear();
      const { code: exit, json } = await home.run("sync", "--json");
      expect(json.cycles[0].actions).toMatchObject({ create: 1, assign: 1, revoke: 1, purge: 1 });
      expect(exit).toBe(0);
    });
    if (delta === undefined) continue;
    test(`${name}, reading changes`, async () => {
      const home = await aboutToChange();
      home.simulator.faults.add(delta);
      await expectNothingApplied(home, ["sync"], code);
      home.simulator.faults.clear();
      expect(await home.run("sync")).toMatchObject({ code: 0 });
    });
    test(`${name}, in the first cycle`, async () => {
      const home = openHome();
      home.person("Ana", ["Pro"]);
      home.simulator.faults.add(full);
      await expectNothingApplied(home, ["sync"], code);
      expect(await exported(home)).toEqual({});
    });
  }
});

const changes: Record<string, { readonly change: (home: TestHome) => void; readonly code: string }> = {
  "a group that a rule names and that is gone": {
    change: (home) => home.tenant.deleteGroup(home.groups["No_Licence"] as string),
    code: "ERR_GROUP_NOT_FOUND",
  },
  "a group that is no member of the parent any more": {
    change: (home) => {
      home.tenant.removeMember(home.groups["SecureExchanges_Licences"] as string, home.groups["Pro"] as string);
    },
    code: "ERR_GROUP_NOT_FOUND",
  },
  "a renamed group": {
    change: (home) => home.tenant.renameGroup(home.groups["Pro"] as string, "Pro 2027"),
    code: "ERR_GROUP_NOT_FOUND",
  },
  "two groups of one name": {
    change: (home) => {
      const second = home.tenant.addGroup("Pro");
      home.tenant.addMember(home.groups["SecureExchanges_Licences"] as string, second);
    },
    code: "ERR_GROUP_AMBIGUOUS",
  },
  "a group made anew that hides its members": {
    change: (home) => {
      home.tenant.deleteGroup(home.groups["Pro"] as string);
      const hidden = home.tenant.addGroup("Pro", { visibility: "HiddenMembership" });
      home.tenant.addMember(home.groups["SecureExchanges_Licences"] as string, hidden);
    },
    code: "ERR_GROUP_HIDDEN",
  },
  "a nested group that hides its members": {
    change: (home) => {
      const nested = home.tenant.addGroup("Nested", { visibility: "HiddenMembership" });
      home.tenant.addMember(home.groups["Pro"] as string, nested);
    },
    code: "ERR_GROUP_HIDDEN",
  },
  "a parent group that is gone": {
    change: (home) => home.tenant.deleteGroup(home.groups["SecureExchanges_Licences"] as string),
    code: "ERR_GROUP_NOT_FOUND",
  },
};

describe("nobody loses anything because of", () => {
  test.each(
    Object.entries(changes).flatMap(([name, row]) => [
      { name, how: "reading changes", argv: ["sync"] as const, ...row },
      { name, how: "reading everything", argv: ["sync", "--full"] as const, ...row },
    ]),
  )("$name, $how", async ({ argv, change, code }) => {
    const home = await aboutToChange();
    change(home);
    await expectNothingApplied(home, argv, code);
  });

  test("two parent groups of one name", async () => {
    const home = await aboutToChange();
    home.tenant.addGroup("SecureExchanges_Licences");
    await expectNothingApplied(home, ["sync", "--full"], "ERR_GROUP_AMBIGUOUS");
  });

  test.each(["Group.Read.All", "GroupMember.Read.All", "User.Read.All"])("%s taken away", async (role) => {
    const home = await aboutToChange();
    const [app] = home.tenant.applications.values();
    if (app === undefined) throw new Error("no app");
    const roles = (app.roles ?? []).filter((one) => one !== role);
    // Graph takes either of the two for reading groups.
    const both = role.startsWith("Group") ? roles.filter((one) => !one.startsWith("Group")) : roles;
    home.tenant.register({ ...app, roles: both });
    await expectNothingApplied(home, ["sync", "--full"], /^ERR_GRAPH_(FORBIDDEN|INCOMPLETE)$/);
  });
});

test("a group named in a rule that never existed fails with its place and the nearest name", async () => {
  const home = openHome();
  home.person("Ana", ["Pro"]);
  home.writeRules("rules:\n  - {name: pro, tier: Pro, priority: 30, when: {group: Prro}}\n");
  const { code, json } = await home.run("sync", "--json");
  expect(code).toBe(1);
  expect(json.cycles[0].error?.code).toBe("ERR_GROUP_NOT_FOUND");
  expect(json.cycles[0].error?.message).toContain("rules/secure-exchanges.yaml:2:");
  expect(json.cycles[0].error?.message).toContain('did you mean "Pro"?');
  expect(await exported(home)).toEqual({});
});

test.each([
  ["{name: Nowhere, anywhere: true}", "ERR_GROUP_NOT_FOUND"],
  ["{id: 00000000-0000-4000-8000-000000000000}", "ERR_GROUP_NOT_FOUND"],
  ["{name: Twin, anywhere: true}", "ERR_GROUP_AMBIGUOUS"],
  ["{name: Secret, anywhere: true}", "ERR_GROUP_HIDDEN"],
])("a group of the tenant that cannot be used is told with the place that names it: %s", async (group, errorCode) => {
  const home = openHome();
  home.tenant.addGroup("Twin");
  home.tenant.addGroup("Twin");
  home.tenant.addGroup("Secret", { visibility: "HiddenMembership" });
  home.writeRules(`rules:\n  - {name: pro, tier: Pro, priority: 30, when: {group: ${group}}}\n`);
  const { code, json } = await home.run("sync", "--json");
  expect({ code, error: json.cycles[0].error?.code }).toEqual({ code: 1, error: errorCode });
  expect(json.cycles[0].error?.message).toStartWith("rules/secure-exchanges.yaml:2:49 rules[0].when.group: ");
});

test.each([
  ["by name", "{name: Boards, anywhere: true}", "ERR_GROUP_NOT_FOUND"],
  ["by id", "{id: 99999999-1111-4111-8111-111111111111}", "ERR_GROUP_NOT_FOUND"],
  ["by a name that two bear", "{name: Board, anywhere: true}", "ERR_GROUP_AMBIGUOUS"],
])(
  "a group outside the parent that cannot be found %s fails with the places of those who name it",
  async (_, group, code) => {
    const home = openHome({ mailboxSettings: false });
    for (const name of ["Board", "Board"]) home.tenant.addGroup(name);
    const rule = (name: string) => `  - {name: ${name}, tier: Pro, priority: 30, when: {group: ${group}}}\n`;
    home.writeRules(`rules:\n${rule("a")}${rule("b")}`);
    const { code: exit, json } = await home.run("sync", "--json");
    const { error } = json.cycles[0];
    expect({ exit, code: error?.code }).toEqual({ exit: 1, code });
    expect(error?.message).toMatch(
      /rules\/secure-exchanges\.yaml:2:\d+ rules\[0\]\.when\.group: .*; .*:3:\d+ rules\[1\]/,
    );
  },
);

test("a mailbox that is missing or cannot be read is that person's alone", async () => {
  const home = openHome();
  const ana = home.person("Ana", ["Pro"]);
  home.tenant.setMailbox(ana, { kind: "notEnabled" });
  home.person("Ben", ["Pro"]);
  const { code, json } = await home.run("sync", "--json");
  expect(json.cycles[0].actions).toMatchObject({ create: 2, assign: 2 });
  expect(code).toBe(0);
});
