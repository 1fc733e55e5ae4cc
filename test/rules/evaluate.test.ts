import { describe, expect, test } from "bun:test";
import type { Mailbox } from "../../src/model/directory.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { evaluate } from "../../src/rules/evaluate.ts";
import { bind, NOW, type PersonOptions, person, rulesOf } from "./rule-builders.ts";

const SHIPPED = [
  "{name: remove, tier: No_Licence, priority: 100, when: {group: No_Licence}}",
  "{name: pro, tier: Pro, priority: 30, when: {group: Pro}}",
  "{name: advanced, tier: Advanced, priority: 20, when: {group: Advanced}}",
  "{name: eco, tier: Eco, priority: 10, when: {group: Eco}}",
];

function verdict(
  rules: readonly string[],
  groups: readonly string[],
  options: PersonOptions & { now?: number; mailboxSettings?: boolean } = {},
) {
  const bound = bind(rulesOf(...rules), { mailboxSettings: options.mailboxSettings ?? true });
  return brief(evaluate(bound, person(groups, options), options.now ?? NOW));
}

/** `tier Pro by pro` */
function brief(outcome: Verdict): string {
  switch (outcome.kind) {
    case "tier":
      return `tier ${outcome.tier} by ${outcome.rule.name}`;
    case "revoke":
      return `revoke ${outcome.tier} by ${outcome.rule.name}${outcome.doubt === null ? "" : `, doubt ${outcome.doubt.name}`}`;
    case "conflict":
      return `conflict ${outcome.rules.map(({ name }) => name).join(" ")}`;
    case "skipped":
      return `skipped ${outcome.why} by ${outcome.rule.name}`;
    case "unknown":
      return `unknown ${outcome.needs}`;
    default:
      return outcome.kind;
  }
}

describe("who gets which tier", () => {
  test.each<[string[], string]>([
    [[], "none"],
    [["Eco"], "tier Eco by eco"],
    [["Eco", "Advanced"], "tier Advanced by advanced"],
    [["Eco", "Pro", "Advanced"], "tier Pro by pro"],
    [["No_Licence"], "revoke No_Licence by remove"],
    [["No_Licence", "Eco"], "revoke No_Licence by remove, doubt eco"],
  ])("a member of %p: %s", (groups, expected) => {
    expect(verdict(SHIPPED, groups)).toBe(expected);
  });

  test("equal priorities that name different tiers are a conflict that names each rule", () => {
    const rules = [...SHIPPED, "{name: other, tier: Eco, priority: 30, when: {group: Pro}}"];
    expect(verdict(rules, ["Pro"])).toBe("conflict pro other");
    expect(verdict(rules, ["Pro", "No_Licence"])).toBe("revoke No_Licence by remove, doubt pro");
  });

  test("equal priorities that name the same tier are none, and the first rule counts", () => {
    expect(
      verdict(
        [
          "{name: b, tier: Pro, priority: 1, when: {group: Pro}}",
          "{name: a, tier: Pro, priority: 1, when: {group: Eco}}",
        ],
        ["Pro", "Eco"],
      ),
    ).toBe("tier Pro by b");
  });

  test("a revoking and a paid tier of equal priority are a conflict", () => {
    expect(
      verdict(
        [
          "{name: a, tier: Pro, priority: 1, when: {group: Pro}}",
          "{name: b, tier: No_Licence, priority: 1, when: {group: Pro}}",
        ],
        ["Pro"],
      ),
    ).toBe("conflict a b");
  });

  test("someone deleted in Entra is deleted, whatever the rules say", () => {
    expect(verdict(SHIPPED, ["Pro", "No_Licence"], { presence: "deleted" })).toBe("deleted");
  });
});

describe("from and until", () => {
  const rules = ["{name: pro, tier: Pro, priority: 1, when: {group: Pro}, from: 2026-03-01, until: 2026-04-01}"];
  test.each([
    ["just before from", Date.UTC(2026, 2, 1) - 1, "none"],
    ["at from", Date.UTC(2026, 2, 1), "tier Pro by pro"],
    ["just before until", Date.UTC(2026, 3, 1) - 1, "tier Pro by pro"],
    ["at until", Date.UTC(2026, 3, 1), "none"],
  ])("%s", (_when, now, expected) => {
    expect(verdict(rules, ["Pro"], { now })).toBe(expected);
  });
});

describe("who is skipped", () => {
  const shared: Mailbox = { purpose: "shared", locale: null, timeZone: null };
  const odd: Record<string, PersonOptions> = {
    guest: { properties: { userType: "Guest" } },
    disabled: { properties: { accountEnabled: false } },
    sharedMailbox: { mailbox: shared },
    noAddress: { properties: { mail: null, userPrincipalName: "" } },
  };

  test.each(Object.keys(odd))("%s: skipped by a rule that says nothing", (why) => {
    expect(verdict(SHIPPED, ["Pro", "Eco"], odd[why])).toBe(`skipped ${why} by pro`);
  });

  test.each(Object.keys(odd))("%s: never by a revoking rule", (why) => {
    expect(verdict(SHIPPED, ["No_Licence"], odd[why])).toBe("revoke No_Licence by remove");
  });

  test.each([
    ["guest", "guests"],
    ["disabled", "disabled"],
    ["sharedMailbox", "sharedMailboxes"],
  ])("%s: not by a rule that says include: [%s]", (why, include) => {
    const rules = [`{name: pro, tier: Pro, priority: 1, when: {group: Pro}, include: [${include}]}`];
    expect(verdict(rules, ["Pro"], odd[why])).toBe("tier Pro by pro");
  });

  test("nobody without an address is ever included", () => {
    const rules = [
      "{name: pro, tier: Pro, priority: 1, when: {group: Pro}, include: [guests, disabled, sharedMailboxes]}",
    ];
    expect(verdict(rules, ["Pro"], odd["noAddress"])).toBe("skipped noAddress by pro");
  });

  test("userPrincipalName is address enough", () => {
    expect(verdict(SHIPPED, ["Pro"], { properties: { mail: null } })).toBe("tier Pro by pro");
  });

  test.each(["room", "equipment", "Shared"])("a %s mailbox counts as shared", (purpose) => {
    expect(verdict(SHIPPED, ["Pro"], { mailbox: { ...shared, purpose } })).toBe("skipped sharedMailbox by pro");
  });

  test("with `mailboxSettings: false` nobody is skipped for a mailbox", () => {
    expect(verdict(SHIPPED, ["Pro"], { mailbox: shared, mailboxSettings: false })).toBe("tier Pro by pro");
  });

  test.each(["missing", "unread"] as const)("a %s mailbox leaves nobody out", (mailbox) => {
    expect(verdict(SHIPPED, ["Pro"], { mailbox })).toBe("tier Pro by pro");
  });

  test("a lower rule that includes them applies", () => {
    const rules = [...SHIPPED, "{name: guests, tier: Eco, priority: 5, when: {group: Pro}, include: [guests]}"];
    expect(verdict(rules, ["Pro"], odd["guest"])).toBe("tier Eco by guests");
  });

  test("a rule that leaves them out is no rival for a conflict", () => {
    const rules = [SHIPPED[1] ?? "", "{name: guests, tier: Eco, priority: 30, when: {group: Pro}, include: [guests]}"];
    expect(verdict(rules, ["Pro"], odd["guest"])).toBe("tier Eco by guests");
    expect(verdict(rules, ["Pro"])).toBe("conflict pro guests");
  });

  test("someone who is odd in two ways must be included for both, and the reason says so", () => {
    const bound = bind(rulesOf("{name: pro, tier: Pro, priority: 1, when: {group: Pro}, include: [sharedMailboxes]}"));
    const facts = person(["Pro"], { properties: { accountEnabled: false, userType: "guest" }, mailbox: shared });
    expect(evaluate(bound, facts, NOW)).toMatchObject({
      kind: "skipped",
      why: "guest",
      detail: "a guest and a disabled account; rule pro does not say include: [guests, disabled]",
    });
  });

  test("a paid rule that leaves them out is doubt all the same: purged logs do not come back", () => {
    expect(verdict(SHIPPED, ["Pro", "No_Licence"], odd["disabled"])).toBe("revoke No_Licence by remove, doubt pro");
  });
});

describe("a mailbox that is not read yet", () => {
  const asks = (tier: string, priority: number) =>
    `{name: asks, tier: ${tier}, priority: ${priority}, when: {attribute: mailbox.locale, like: "fr*"}}`;
  const unread = { mailbox: "unread" } as const;

  test.each<[string, string[], string[], string]>([
    ["nothing else matches", [asks("Pro", 1)], [], "unknown mailbox"],
    ["it could win", [...SHIPPED, asks("Pro", 50)], ["Eco"], "unknown mailbox"],
    ["it could make a conflict", [...SHIPPED, asks("Eco", 30)], ["Pro"], "unknown mailbox"],
    ["it could only lose", [...SHIPPED, asks("Eco", 5)], ["Pro"], "tier Pro by pro"],
    ["it would give the same tier", [...SHIPPED, asks("Pro", 50)], ["Pro"], "tier Pro by pro"],
    ["it could take the licence", [...SHIPPED, asks("No_Licence", 100)], ["Pro"], "unknown mailbox"],
    [
      "the licence is taken anyway, but it would be doubt",
      [...SHIPPED, asks("Pro", 5)],
      ["No_Licence"],
      "revoke No_Licence by remove, doubt asks",
    ],
    [
      "a conflict below it is not sure",
      [...SHIPPED, "{name: other, tier: Eco, priority: 30, when: {group: Pro}}", asks("Pro", 50)],
      ["Pro"],
      "unknown mailbox",
    ],
    [
      "other conditions settle it",
      ["{name: a, tier: Pro, priority: 1, when: {all: [{group: Pro}, {attribute: mailbox.purpose, equals: user}]}}"],
      ["Eco"],
      "none",
    ],
    [
      "one of several holds without it",
      ["{name: a, tier: Pro, priority: 1, when: {any: [{attribute: mailbox.purpose, equals: user}, {group: Pro}]}}"],
      ["Pro"],
      "tier Pro by a",
    ],
    [
      "it is negated",
      ["{name: a, tier: Pro, priority: 1, when: {not: {attribute: mailbox.purpose, equals: user}}}"],
      [],
      "unknown mailbox",
    ],
  ])("when %s", (_what, rules, groups, expected) => {
    expect(verdict(rules, groups, unread)).toBe(expected);
  });

  test("is not the same as one that is missing: that has no values", () => {
    const rules = ["{name: a, tier: Pro, priority: 1, when: {attribute: mailbox.purpose, exists: false}}"];
    expect(verdict(rules, [], { mailbox: "missing" })).toBe("tier Pro by a");
  });

  test("stays unknown for a guest whom no rule includes", () => {
    expect(verdict([asks("Pro", 1)], [], { ...unread, properties: { userType: "Guest" } })).toBe("unknown mailbox");
  });
});

test("a property that was never read is a fault, not an empty value", () => {
  const bound = bind(rulesOf("{name: a, tier: Pro, priority: 1, when: {not: {attribute: department, exists: true}}}"));
  expect(() => evaluate(bound, person([]), NOW)).toThrow(
    'the property "department" of 11111111-0000-4000-8000-000000000001 is asked for but was never read',
  );
  expect(evaluate(bound, person([], { properties: { department: null } }), NOW).kind).toBe("tier");
});
