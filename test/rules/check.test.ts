import { describe, expect, test } from "bun:test";
import { formatFinding } from "../../src/model/finding.ts";
import { checkRules } from "../../src/rules/check.ts";
import { directoryNeeds } from "../../src/rules/needs.ts";
import { ruleSetOf, rulesOf, TIERS } from "./rule-builders.ts";

const CONTEXT = {
  tenants: [
    { name: "contoso", tiers: TIERS },
    { name: "fabrikam", tiers: TIERS.slice(0, 1) },
  ],
  mailboxSettings: true,
};
const findingsOf = (texts: readonly string[], context = CONTEXT) =>
  checkRules(ruleSetOf(...texts), context).map((finding) => `${finding.level} ${formatFinding(finding)}`);
const rule = (name: string, tier: string, when = "{group: Pro}") =>
  `{name: ${name}, tier: ${tier}, priority: 1, when: ${when}}`;

describe("rules against the configuration", () => {
  test.each<[string, string, string]>([
    [
      "a tenant that does not exist",
      "tenants: [contosso]\nrules: []",
      'error rules/1.yaml:1:11 tenants[0]: there is no tenant "contosso" in tiersync.yaml; did you mean "contoso"?',
    ],
    [
      "a tier that one of its tenants does not have",
      `rules:\n  - ${rule("a", "Pro")}`,
      'error rules/1.yaml:2:21 rules[0].tier: the tenant fabrikam has no tier "Pro"; known here: Eco',
    ],
    [
      "a tier in another case",
      `tenants: [contoso]\nrules:\n  - ${rule("a", "pro")}`,
      'error rules/1.yaml:3:21 rules[0].tier: the tenant contoso has no tier "pro"; did you mean "Pro"?',
    ],
    [
      "a tier that a test expects and nobody has",
      "tenants: [contoso]\nrules: []\ntests:\n  - {name: t, user: {groups: []}, tier: Por}",
      'error rules/1.yaml:4:41 tests[0].tier: the tenant contoso has no tier "Por"; did you mean "Pro"?',
    ],
  ])("%s is found with its place", (_what, text, expected) => {
    expect(findingsOf([text])).toEqual([expected]);
  });

  test("a file for one tenant needs that tenant's tiers only, and a file that is off is checked too", () => {
    expect(findingsOf([`tenants: [contoso]\nrules: [${rule("a", "Pro")}]`])).toEqual([]);
    expect(findingsOf([`enabled: false\ntenants: [contoso]\nrules: [${rule("a", "Nope")}]`])).toHaveLength(1);
  });

  test("a mailbox condition that can never be known is refused", () => {
    const text = `tenants: [contoso]\nrules:\n  - ${rule("a", "Pro", "{not: {attribute: mailbox.purpose, equals: room}}")}`;
    expect(findingsOf([text])).toEqual([]);
    expect(findingsOf([text], { ...CONTEXT, mailboxSettings: false })).toEqual([
      "error rules/1.yaml:3:63 rules[0].when.not.attribute: mailbox.purpose is never read: tiersync.yaml says `mailboxSettings: false`",
    ]);
  });

  test("a rule name of another file is a warning", () => {
    const text = `tenants: [contoso]\nrules:\n  - ${rule("a", "Pro")}`;
    expect(findingsOf([text, text])).toEqual([
      'warning rules/2.yaml:3:12 rules[0].name: a rule of rules/1.yaml is named "a" too',
    ]);
  });
});

describe("what must be read for the rules", () => {
  const BASE = [
    "accountEnabled",
    "displayName",
    "givenName",
    "id",
    "mail",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "userType",
  ];

  test("is the base properties and the attributes used, by their Graph names, sorted and each once", () => {
    const ruleSet = rulesOf(
      rule(
        "a",
        "Pro",
        "{any: [{attribute: department, exists: true}, {attribute: onPremisesExtensionAttributes.extensionAttribute3, exists: true}]}",
      ),
      rule(
        "b",
        "Pro",
        "{all: [{attribute: onPremisesExtensionAttributes.extensionAttribute9, exists: true}, {not: {attribute: city, equals: Oslo}}, {attribute: mailbox.locale, exists: true}]}",
      ),
    );
    expect(directoryNeeds(ruleSet, "contoso")).toEqual({
      others: [],
      properties: [...BASE, "city", "department", "onPremisesExtensionAttributes"].sort(),
      // A new name or address is no reason to decide otherwise.
      deciding: ["accountEnabled", "city", "department", "onPremisesExtensionAttributes", "userType"],
    });
  });

  test("is every group that may lie outside the parent", () => {
    const id = "aaaaaaaa-0000-4000-8000-000000000001";
    const ruleSet = rulesOf(
      rule("a", "Pro"),
      rule("b", "Pro", `{group: {id: ${id.toUpperCase()}}}`),
      rule("c", "Pro", `{not: {group: {id: ${id}}}}`),
      rule("d", "Pro", "{group: {name: Staff, anywhere: true}}"),
    );
    expect(directoryNeeds(ruleSet, "contoso")).toMatchObject({ others: [{ id }, { name: "Staff" }], properties: BASE });
  });

  test("leaves out files that are off or for other tenants", () => {
    const text = `rules: [${rule("a", "Pro", "{attribute: city, exists: true}")}]`;
    const ruleSet = ruleSetOf(`enabled: false\n${text}`, `tenants: [fabrikam]\n${text}`);
    expect(directoryNeeds(ruleSet, "contoso").properties).toEqual(BASE);
    expect(directoryNeeds(ruleSet, "fabrikam").properties).toContain("city");
  });
});
