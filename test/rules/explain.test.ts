import { describe, expect, test } from "bun:test";
import { explainRules, type GroupGraph, nextBoundary } from "../../src/rules/explain.ts";
import { bind, GROUPS, group, NOW, type PersonOptions, person, rulesOf } from "./rule-builders.ts";

const RULES = [
  "{name: remove, tier: No_Licence, priority: 100, when: {group: No_Licence}}",
  "{name: pro, tier: Pro, priority: 30, when: {group: Pro}}",
  "{name: eco, tier: Eco, priority: 10, when: {group: Eco}}",
];
const GRAPH: GroupGraph = { groups: GROUPS, nesting: [], direct: [] };

function explained(
  rules: readonly string[],
  groups: readonly string[],
  graph: Partial<GroupGraph> = {},
  options: PersonOptions = {},
) {
  const direct = groups.map((name) => `id-${name}`);
  return explainRules(bind(rulesOf(...rules)), person(groups, options), NOW, { ...GRAPH, direct, ...graph });
}
const lines = (traces: ReturnType<typeof explained>) =>
  traces.map(({ rule, outcome, why }) => `${rule.name}: ${outcome}, ${why}`);

describe("each rule is explained", () => {
  test("the one that won, those that lost and those that do not match", () => {
    expect(lines(explained(RULES, ["Pro", "Eco"]))).toEqual([
      "remove: no match, not in group No_Licence",
      "pro: won, in group Pro",
      "eco: lost, in group Eco; rule pro comes first",
    ]);
  });

  test("rules that disagree name each other, and those below name both", () => {
    const rules = [...RULES, "{name: other, tier: Eco, priority: 30, when: {group: Pro}}"];
    expect(lines(explained(rules, ["Pro", "Eco"])).slice(1)).toEqual([
      "pro: lost, in group Pro; conflict of equal priority with other",
      "other: lost, in group Pro; conflict of equal priority with pro",
      "eco: lost, in group Eco; rules pro, other come first and disagree",
    ]);
  });

  test("rules out of force say since or until when", () => {
    const rules = [
      "{name: later, tier: Pro, priority: 2, when: {group: Pro}, from: 2026-07-01}",
      "{name: past, tier: Pro, priority: 1, when: {group: Pro}, until: 2026-02-01T06:00:00Z}",
    ];
    expect(lines(explained(rules, ["Pro"]))).toEqual([
      "later: not in force, in force from 2026-07-01 on",
      "past: not in force, in force until 2026-02-01T06:00:00.000Z",
    ]);
  });

  test("skipped people and unread mailboxes are told apart", () => {
    const rules = [
      "{name: a, tier: Pro, priority: 2, when: {group: Pro}}",
      "{name: b, tier: Eco, priority: 1, when: {all: [{group: Pro}, {attribute: mailbox.locale, equals: fr}]}, include: [guests]}",
    ];
    expect(lines(explained(rules, ["Pro"], {}, { properties: { userType: "Guest" }, mailbox: "unread" }))).toEqual([
      "a: skipped, a guest; rule a does not say include: [guests]",
      "b: unknown, mailbox.locale is not read yet",
    ]);
  });

  test("the condition that settled it is named", () => {
    const rules = [
      "{name: a, tier: Pro, priority: 1, when: {all: [{group: Pro}, {not: {attribute: department, equals: Legal}}]}}",
    ];
    const why = (groups: string[], department: string) =>
      explained(rules, groups, {}, { properties: { department } })[0]?.why;
    expect(why(["Pro"], "Legal")).toBe("department fits");
    expect(why(["Pro"], "Sales")).toBe("in group Pro and department does not fit");
    expect(why([], "Sales")).toBe("not in group Pro");
  });

  test("someone deleted in Entra matches nothing", () => {
    expect(explained(RULES, ["Pro"], {}, { presence: "deleted" }).map(({ outcome }) => outcome)).toEqual([
      "no match",
      "no match",
      "no match",
    ]);
  });
});

describe("somebody of whom not everything is known", () => {
  const LEGAL = "{name: legal, tier: Pro, priority: 20, when: {attribute: department, equals: Legal}}";
  const AUDIT =
    "{name: audit, tier: Pro, priority: 20, when: {attribute: onPremisesExtensionAttributes.extensionAttribute3, exists: false}}";

  test("an attribute that no cycle has read yet is told as that, never as empty", () => {
    expect(lines(explained([LEGAL, RULES[2] ?? ""], ["Eco"]))).toEqual([
      "legal: unknown, department is not read yet",
      "eco: lost, in group Eco; a rule that could come first is not decided yet",
    ]);
    expect(lines(explained([AUDIT], ["Eco"]))).toEqual([
      "audit: unknown, onPremisesExtensionAttributes.extensionAttribute3 is not read yet",
    ]);
  });

  test("whoever is in no group in scope matches nothing, whatever the attributes", () => {
    const left = ["legal: no match, the person is in no group in scope", "eco: no match, not in group Eco"];
    expect(lines(explained([LEGAL, RULES[2] ?? ""], [], {}, { properties: { department: "Legal" } }))).toEqual(left);
    expect(lines(explained([LEGAL, RULES[2] ?? ""], []))).toEqual(left);
  });
});

describe("the way through nested groups", () => {
  const groups = [...GROUPS, group("Sales", "nested"), group("North", "nested"), group("South", "nested")];
  const nesting = [
    { parent: "id-Pro", child: "id-Sales" },
    { parent: "id-Sales", child: "id-North" },
    { parent: "id-Sales", child: "id-South" },
    { parent: "id-South", child: "id-Sales" },
  ];

  test("leads from the named group to each of the person's own, circles included", () => {
    const [trace] = explained([RULES[1] ?? ""], ["Pro", "North", "South"], {
      groups,
      nesting,
      direct: ["id-South", "id-North"],
    });
    expect(trace?.paths).toEqual([
      ["Pro", "Sales", "North"],
      ["Pro", "Sales", "South"],
    ]);
  });

  test("is one group long for a direct member, and absent where the rule does not match", () => {
    const traces = explained(RULES, ["Pro"], { groups, nesting });
    expect(traces.map(({ paths }) => paths)).toEqual([[], [["Pro"]], []]);
  });
});

describe("the next boundary", () => {
  const ruleSet = rulesOf(
    "{name: a, tier: Pro, priority: 1, when: {group: Pro}, from: 2026-03-01, until: 2026-05-01}",
    "{name: b, tier: Pro, priority: 1, when: {group: Pro}, until: 2026-04-01}",
  );
  test.each([
    ["2026-01-01", "2026-03-01"],
    ["2026-03-01", "2026-04-01"],
    ["2026-04-15", "2026-05-01"],
  ])("after %s is %s", (after, next) => {
    expect(nextBoundary(ruleSet, Date.parse(after))).toBe(Date.parse(next));
    expect(nextBoundary(bind(ruleSet), Date.parse(after))).toBe(Date.parse(next));
  });

  test("is none after the last", () => {
    expect(nextBoundary(ruleSet, Date.UTC(2026, 4, 1))).toBeNull();
  });
});
