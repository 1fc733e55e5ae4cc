import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { runRuleTests } from "../../src/rules/rule-tests.ts";
import type { RuleSet } from "../../src/rules/types.ts";
import { parseRules } from "../support/parse-rules.ts";
import { NOW, ruleSetOf, TIERS } from "./rule-builders.ts";

const run = (ruleSet: RuleSet, tenants = ["contoso"]) =>
  runRuleTests(ruleSet, { tenants: tenants.map((name) => ({ name, tiers: TIERS })), mailboxSettings: true, now: NOW });

const RULES = `rules:
  - {name: remove, tier: No_Licence, priority: 100, when: {group: No_Licence}}
  - {name: pro, tier: Pro, priority: 30, when: {group: Pro}}
  - {name: legal, tier: Pro, priority: 20, when: {all: [{group: {name: Staff, anywhere: true}}, {attribute: department, equals: Legal}]}}
  - {name: ext, tier: Eco, priority: 10, when: {attribute: onPremisesExtensionAttributes.extensionAttribute1, equals: x}}
  - {name: rooms, tier: Eco, priority: 5, when: {attribute: mailbox.purpose, equals: room}, include: [sharedMailboxes]}
tests:
`;

describe("a rule test", () => {
  test.each<[string, string, string]>([
    ["{groups: [Pro]}", "Pro", "rule pro"],
    ["{groups: [pro, no_licence]}", "No_Licence", "rule remove"],
    ["{groups: [staff], department: legal}", "Pro", "rule legal"],
    ["{groups: [Staff]}", "null", "no rule matches"],
    ["{groups: []}", "none", "no rule matches"],
    ["{onPremisesExtensionAttributes.extensionAttribute1: X}", "Eco", "rule ext"],
    ["{mailbox.purpose: Room}", "Eco", "rule rooms"],
    [
      "{groups: [Pro], mailbox.purpose: shared}",
      "null",
      "a shared mailbox; rule pro does not say include: [sharedMailboxes]",
    ],
    ["{groups: [Pro], accountEnabled: false}", "null", "a disabled account; rule pro does not say include: [disabled]"],
    ["{groups: [Pro], userType: Guest}", "null", "a guest; rule pro does not say include: [guests]"],
    ["{groups: [Pro], mail: null, userPrincipalName: null}", "null", "without mail and userPrincipalName"],
  ])("of %s finds %s", (user, tier, detail) => {
    const [result] = run(ruleSetOf(`${RULES}  - {name: t, user: ${user}, tier: ${tier}}\n`));
    expect(result).toEqual({
      name: "t",
      file: "rules/1.yaml",
      line: 8,
      passed: true,
      expected: tier === "null" || tier === "none" ? null : tier,
      actual: tier === "null" || tier === "none" ? null : tier,
      tenant: "contoso",
      detail,
    });
  });

  test("fails when something else comes out, and says what", () => {
    const [result] = run(ruleSetOf(`${RULES}  - {name: t, user: {groups: [Pro]}, tier: Eco}\n`));
    expect(result).toMatchObject({ passed: false, expected: "Eco", actual: "Pro", detail: "rule pro" });
  });

  test("that expects no tier fails on a conflict", () => {
    const [result] = run(
      ruleSetOf(`rules:
  - {name: a, tier: Pro, priority: 1, when: {group: G}}
  - {name: b, tier: Eco, priority: 1, when: {group: G}}
tests:
  - {name: t, user: {groups: [G]}, tier: null}
`),
    );
    expect(result).toMatchObject({ passed: false, actual: null, detail: "conflict of a and b" });
  });

  test("looks at every file that is in force for the tenant, and fails if it fails in any", () => {
    const more = "tenants: [fabrikam]\nrules:\n  - {name: top, tier: Advanced, priority: 99, when: {group: Pro}}\n";
    const ruleSet = ruleSetOf(`${RULES}  - {name: t, user: {groups: [Pro]}, tier: Pro}\n`, more);
    expect(run(ruleSet)).toMatchObject([{ passed: true }]);
    expect(run(ruleSet, ["contoso", "fabrikam"])).toMatchObject([
      { passed: false, tenant: "fabrikam", actual: "Advanced" },
    ]);
  });

  test("of a file that is off is not run", () => {
    expect(run(ruleSetOf("enabled: false\nrules: []\ntests: [{name: t, user: {groups: []}, tier: Pro}]"))).toEqual([]);
  });
});

describe("the rules that init writes", () => {
  const text = readFileSync(new URL("../../rules/secure-exchanges.yaml", import.meta.url), "utf8");
  const { value, findings } = parseRules([{ path: "rules/secure-exchanges.yaml", text }]);

  test("have no finding and pass their own tests", () => {
    expect(findings).toEqual([]);
    const results = value === null ? [] : run(value);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("are the four of the design, with its priorities", () => {
    expect(
      value?.files[0]?.rules.map(({ ref, tier, priority, when }) => [
        ref.name,
        tier,
        priority,
        when.kind === "group" ? when.group.name : null,
      ]),
    ).toEqual([
      ["remove", "No_Licence", 100, "No_Licence"],
      ["pro", "Pro", 30, "Pro"],
      ["advanced", "Advanced", 20, "Advanced"],
      ["eco", "Eco", 10, "Eco"],
    ]);
  });

  test("begin with the schema line for editors", () => {
    expect(text).toStartWith("# yaml-language-server: $schema=");
  });
});
