import { describe, expect, test } from "bun:test";
import type { ScopedGroup } from "../../src/model/directory.ts";
import { formatFinding } from "../../src/model/finding.ts";
import { bindRules } from "../../src/rules/bind.ts";
import { leaves } from "../../src/rules/mentions.ts";
import { GROUPS, group, ruleSetOf, rulesOf, TIERS } from "./rule-builders.ts";

const ID = "aaaaaaaa-0000-4000-8000-000000000001";
const resultOf = (when: string, groups: readonly ScopedGroup[] = GROUPS, tier = "Pro") => {
  const ruleSet = rulesOf(`{name: a, tier: ${tier}, priority: 1, when: ${when}}`);
  const { bound, findings, code } = bindRules(ruleSet, {
    tenant: "contoso",
    tiers: TIERS,
    groups,
    mailboxSettings: true,
  });
  return {
    named:
      bound?.rules
        .flatMap(({ when }) => leaves(when))
        .flatMap((leaf) => (leaf.kind === "group" ? leaf.group.id : [])) ?? null,
    findings: findings.map(formatFinding),
    code,
  };
};

describe("a group that a rule names", () => {
  test.each<[string, string, ScopedGroup[], string]>([
    ["by name, among the parent's members, whatever the case", "{group: pRO}", [], "id-Pro"],
    ["by name, spaces around it aside", '{group: " Pro "}', [], "id-Pro"],
    ["by id, also when it is nested", `{group: {id: ${ID.toUpperCase()}}}`, [group("Deep", "nested", ID)], ID],
    ["anywhere, by name", "{group: {name: staff, anywhere: true}}", [group("Staff", "other")], "id-Staff"],
    ["by name, though a nested group bears it too", "{group: Pro}", [group("Pro", "nested", ID)], "id-Pro"],
  ])("is found %s", (_how, when, more, id) => {
    expect(resultOf(when, [...GROUPS, ...more])).toEqual({ named: [id], findings: [], code: null });
  });

  test.each<[string, string, ScopedGroup[], string, string]>([
    [
      "mistyped",
      "{group: Prro}",
      [],
      "ERR_GROUP_NOT_FOUND",
      'there is no group named "Prro" among the members of the parent group; did you mean "Pro"?',
    ],
    [
      "unlike any",
      "{group: Zebra}",
      [],
      "ERR_GROUP_NOT_FOUND",
      'there is no group named "Zebra" among the members of the parent group; the nearest is "Eco"',
    ],
    [
      "nested only",
      "{group: Deep}",
      [group("Deep", "nested", ID)],
      "ERR_GROUP_NOT_FOUND",
      `the group "Deep" is not a direct member of the parent group; make it one, or write {id: ${ID}}`,
    ],
    [
      "the parent itself",
      "{group: SecureExchanges_Licences}",
      [],
      "ERR_GROUP_NOT_FOUND",
      'the group "SecureExchanges_Licences" is not a direct member of the parent group; make it one, or write {id: id-SecureExchanges_Licences}',
    ],
    [
      "unknown anywhere",
      "{group: {name: Staf, anywhere: true}}",
      [group("Staff", "other")],
      "ERR_GROUP_NOT_FOUND",
      'there is no group named "Staf" in the tenant; did you mean "Staff"?',
    ],
    ["an id of none", `{group: {id: ${ID}}}`, [], "ERR_GROUP_NOT_FOUND", `there is no group with the id ${ID}`],
    [
      "one of two",
      "{group: pro}",
      [group("PRO", "member", ID)],
      "ERR_GROUP_AMBIGUOUS",
      `2 groups are named "pro"; say which by its id: {id: …} (${ID}, id-Pro)`,
    ],
    [
      "hidden",
      "{group: Hush}",
      [{ ...group("Hush"), visibility: "HiddenMembership" }],
      "ERR_GROUP_HIDDEN",
      'the group "Hush" hides its members (HiddenMembership): it would read as empty',
    ],
  ])("but is %s leaves everything undecided", (_what, when, more, code, message) => {
    const { named, findings, code: found } = resultOf(when, [...GROUPS, ...more]);
    expect({ named, found: String(found) }).toEqual({ named: null, found: code });
    expect(findings).toEqual([expect.stringMatching(/^rules\/1\.yaml:2:\d+ rules\[0\]\.when\.group: /)]);
    expect(findings[0]).toEndWith(message);
  });
});

test("every finding is told at once, and a missing tier outweighs a missing group", () => {
  const ruleSet = ruleSetOf(`rules:
  - {name: a, tier: Pro, priority: 1, when: {any: [{group: Nope}, {group: Eko}]}}
  - {name: b, tier: Prro, priority: 1, when: {group: Pro}}
`);
  const { bound, findings, code } = bindRules(ruleSet, {
    tenant: "contoso",
    tiers: TIERS,
    groups: GROUPS,
    mailboxSettings: true,
  });
  expect(bound).toBeNull();
  expect(code).toBe("ERR_CONFIG");
  expect(findings.map(({ line, path }) => `${line} ${path}`)).toEqual([
    "2 rules[0].when.any[0].group",
    "2 rules[0].when.any[1].group",
    "3 rules[1].tier",
  ]);
  expect(findings[2]?.message).toBe('the tenant contoso has no tier "Prro"; did you mean "Pro"?');
});

test("rules are in the order in which they decide: priority, then file, then line", () => {
  const rule = (name: string, priority: number) =>
    `  - {name: ${name}, tier: Pro, priority: ${priority}, when: {group: Pro}}\n`;
  const ruleSet = ruleSetOf(`rules:\n${rule("a", 1)}${rule("b", 5)}`, `rules:\n${rule("c", 5)}${rule("d", 9)}`);
  const { bound } = bindRules(ruleSet, { tenant: "contoso", tiers: TIERS, groups: GROUPS, mailboxSettings: true });
  expect(bound?.rules.map(({ ref }) => ref.name)).toEqual(["d", "b", "c", "a"]);
});

test("files that are off or for other tenants are left out, whatever is wrong in them", () => {
  const ruleSet = ruleSetOf(
    "enabled: false\nrules: [{name: off, tier: Nope, priority: 1, when: {group: Nope}}]",
    "tenants: [fabrikam]\nrules: [{name: theirs, tier: Nope, priority: 1, when: {group: Nope}}]",
    "tenants: [fabrikam, contoso]\nrules: [{name: ours, tier: Pro, priority: 1, when: {group: Pro}}]",
  );
  const { bound } = bindRules(ruleSet, { tenant: "contoso", tiers: TIERS, groups: GROUPS, mailboxSettings: true });
  expect(bound?.rules.map(({ ref, revoking }) => [ref.name, revoking])).toEqual([["ours", false]]);
});
