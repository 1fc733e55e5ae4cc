import { describe, expect, test } from "bun:test";
import { formatFinding } from "../../src/model/finding.ts";
import { parseRules } from "../support/parse-rules.ts";
import { ruleSetOf, rulesOf } from "./rule-builders.ts";

const PATH = "rules/a.yaml";
const findingsOf = (text: string) => parseRules([{ path: PATH, text }]).findings.map(formatFinding);

describe("a rule file", () => {
  test.each([
    ["an unknown key", "tenents: [a]\nrules: []", [`${PATH}:1:1 tenents: unknown key; did you mean "tenants"?`]],
    ["no rules", "description: x", [`${PATH}:1:1 rules: is missing`]],
    ["nothing", "# only a comment\n", [`${PATH}:1:1 the file is empty; a rule file has \`rules:\``]],
    ["a list", "- a", [`${PATH}:1:1 a block of keys is expected, not a list`]],
    [
      "no tenant named",
      "tenants: []\nrules: []",
      [`${PATH}:1:1 tenants: names no tenant; leave it out for all tenants, or use \`enabled: false\``],
    ],
    ["a tag", "rules: !run []", [`${PATH}:1:8 not valid YAML: Unresolved tag`]],
    [
      "a key twice",
      "rules: []\nrules: []",
      [`${PATH}:2:1 the key "rules" is there already, in line 1: keep one of the two`],
    ],
    [
      "a key three times in one rule",
      "rules:\n  - name: a\n    tier: Pro\n    'name': b\n    priority: 1\n    name: c\n",
      [
        `${PATH}:4:5 the key "name" is there already, in line 2: keep one of the two`,
        `${PATH}:6:5 the key "name" is there already, in line 2: keep one of the two`,
      ],
    ],
    [
      "two documents",
      "---\nrules: []\n---\nrules: []\n",
      [`${PATH}:3:1 a second YAML document begins here, and one is expected: take out the line --- or what follows it`],
    ],
    [
      "an anchor that contains itself",
      "rules: &a [*a]",
      [`${PATH}:1:1 nested too deeply, or an anchor that contains itself`],
    ],
    ["a key of JavaScript's own", "rules: []\nconstructor: 1", [`${PATH}:1:1 the key "constructor" cannot be used`]],
  ])("with %s is refused, and the place is named", (_what, text, expected) => {
    expect(findingsOf(text)).toEqual(expected);
  });

  test("with an alias bomb is refused rather than expanded", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`);
    const findings = findingsOf(`l0: &l0 [x]\n${levels.join("\n")}\nrules: *l9\n`);
    expect(findings).toEqual([
      `${PATH}:1:1 not valid YAML: Excessive alias count indicates a resource exhaustion attack`,
    ]);
  });

  test("never repeats in a finding what may be a secret", () => {
    expect(findingsOf("rules: *hunter2").join()).not.toContain("hunter2");
    expect(findingsOf("rules: !hunter2 []").join()).not.toContain("hunter2");
  });

  test("shows every finding at once, in the order of reading, also when rules are broken in several ways", () => {
    const text = `foo: 1
rules:
  - {name: pro, teir: Pro, priority: "30", when: {grup: Pro}}
  - name: adv
    tier: 5
    priority: 2.5
    from: 2026-02-30
    when:
      all:
        - {attribute: departmnt, equals: Legal}
        - {attribute: employeeId, equals: 1, like: x}
        - group: {id: abc}
        - {group: A, attribute: city, exists: true}
        -
  - {name: eco, tier: Eco, priority: 1, when: {group: Eco}, include: [gests]}
  - {name: eco, tier: Eco, priority: 1, when: {attribute: accountEnabled, equals: "yes"}, from: 2026-02-01, until: 2026-01-01}
tests:
  - {name: t, user: {groups: [Pro], deparment: x}, tier: Pro}
`;
    expect(findingsOf(text)).toEqual([
      `${PATH}:1:1 foo: unknown key; known here: description, enabled, tenants`,
      `${PATH}:3:5 rules[0].tier: is missing`,
      `${PATH}:3:17 rules[0].teir: unknown key; did you mean "tier"?`,
      `${PATH}:3:38 rules[0].priority: a number is expected, not a text`,
      `${PATH}:3:51 rules[0].when.grup: unknown key; did you mean "group"?`,
      `${PATH}:5:11 rules[1].tier: a text is expected, not a number; put quotes around it`,
      `${PATH}:6:15 rules[1].priority: must be a whole number`,
      `${PATH}:7:11 rules[1].from: must be a date (2026-07-01: its start, UTC) or an instant with a zone (2026-07-01T08:00:00+02:00)`,
      `${PATH}:10:23 rules[1].when.all[0].attribute: "departmnt" is not known; did you mean "department"?`,
      `${PATH}:11:11 rules[1].when.all[1]: needs exactly one of equals, in, like, exists; put several conditions under all: or any:`,
      `${PATH}:12:23 rules[1].when.all[2].group.id: must be an object id (a GUID), as Entra shows it`,
      `${PATH}:13:22 rules[1].when.all[3].attribute: one condition at a time: put several under all: or any:`,
      `${PATH}:13:39 rules[1].when.all[3].exists: unknown key; known here: group`,
      `${PATH}:14:10 rules[1].when.all[4]: a condition is expected: one of group, attribute, all, any, not`,
      `${PATH}:15:71 rules[2].include[0]: "gests" must be one of guests, disabled, sharedMailboxes; did you mean "guests"?`,
      `${PATH}:16:12 rules[3].name: "eco" is the name of line 15 too`,
      `${PATH}:16:83 rules[3].when.equals: true or false is expected`,
      `${PATH}:16:116 rules[3].until: is not after \`from\`: the rule would never be in force`,
      `${PATH}:18:37 tests[0].user.deparment: unknown key; did you mean "department"?`,
    ]);
  });

  test("that is broken does not hide the findings of another, and gives no rules", () => {
    const { value, findings } = parseRules([
      { path: "rules/b.yaml", text: "rules: 1" },
      { path: "rules/a.yaml", text: "a: [" },
    ]);
    expect(value).toBeNull();
    expect(findings.map(({ file }) => file)).toEqual(["rules/a.yaml", "rules/b.yaml"]);
  });

  test("means the same with BOM and CRLF, and its places stay", () => {
    const text = "rules:\n  - {name: pro, tier: Pro, priority: 1, when: {group: Pro}}\n";
    const windows = `\ufeff${text.replaceAll("\n", "\r\n")}`;
    expect(parseRules([{ path: PATH, text: windows }])).toEqual(parseRules([{ path: PATH, text }]));
    expect(findingsOf("\ufeffrulez: []\r\nx: 1\r\n")[1]).toBe(`${PATH}:1:1 rulez: unknown key; did you mean "rules"?`);
  });
});

describe("values", () => {
  test("numbers and booleans count as written where the attribute is a text", () => {
    const [file] = rulesOf(
      "{name: a, tier: Pro, priority: 1, when: {any: [{attribute: employeeId, equals: 00123}, {attribute: employeeId, in: [0x1F, true]}]}}",
    ).files;
    expect(file?.rules[0]?.when).toMatchObject({
      of: [{ test: { op: "equals", value: "00123" } }, { test: { op: "in", values: ["0x1F", "true"] } }],
    });
  });

  test.each([
    ["2026-07-01", "2026-07-01T00:00:00.000Z"],
    ["2026-07-01T08:30:00+02:00", "2026-07-01T06:30:00.000Z"],
    ["2026-07-01T08:30Z", "2026-07-01T08:30:00.000Z"],
  ])("the date %s is %s", (written, instant) => {
    const [file] = rulesOf(`{name: a, tier: Pro, priority: 1, when: {group: Pro}, from: ${written}}`).files;
    expect(file?.rules[0]?.from).toBe(Date.parse(instant));
  });

  test.each(["2026-06-31", "2026-07-01T08:30:00", "01.07.2026", "tomorrow", "2026-7-1"])("%s is no date", (written) => {
    expect(() => rulesOf(`{name: a, tier: Pro, priority: 1, when: {group: Pro}, from: ${written}}`)).toThrow(
      "must be a date",
    );
  });

  test("groups can be named, named anywhere, or given by id, each with its place", () => {
    const [file] = ruleSetOf(`rules:
  - {name: a, tier: Pro, priority: 1, when: {group: Pro}}
  - {name: b, tier: Pro, priority: 1, when: {group: {name: Staff, anywhere: true}}}
  - {name: c, tier: Pro, priority: 1, when: {not: {group: {id: AAAAAAAA-0000-4000-8000-000000000001}}}}
`).files;
    const at = (line: number, column: number, path: string) => ({ file: "rules/1.yaml", line, column, path });
    expect(file?.rules.map(({ when }) => when)).toEqual([
      { kind: "group", group: { name: "Pro", id: null, anywhere: false, at: at(2, 53, "rules[0].when.group") } },
      { kind: "group", group: { name: "Staff", id: null, anywhere: true, at: at(3, 46, "rules[1].when.group") } },
      {
        kind: "not",
        of: {
          kind: "group",
          group: {
            name: null,
            id: "aaaaaaaa-0000-4000-8000-000000000001",
            anywhere: true,
            at: at(4, 52, "rules[2].when.not.group"),
          },
        },
      },
    ]);
  });
});

describe("the fingerprint", () => {
  const text = "rules:\n  - {name: pro, tier: Pro, priority: 1, when: {group: Pro}}\n";
  const fingerprint = (...texts: string[]) => ruleSetOf(...texts).fingerprint;

  test.each([
    ["a comment at the end", `${text}# more\n`],
    ["a description", `${text}description: more\n`],
    ["a test", `${text}tests: [{name: t, user: {groups: [Pro]}, tier: Pro}]\n`],
    ["wider spacing", text.replace("tier: Pro", "tier:   Pro")],
    ["a file that is not in force", text],
  ])("stays with %s", (what, other) => {
    const more = what.startsWith("a file") ? ["enabled: false\nrules: []"] : [];
    expect(fingerprint(other, ...more)).toBe(fingerprint(text));
  });

  test.each([
    ["another tier", text.replace("tier: Pro", "tier: Eco")],
    ["another group", text.replace("group: Pro", "group: Eco")],
    ["an exception", text.replace("}}", "}, include: [guests]}")],
    ["an end", text.replace("}}", "}, until: 2026-01-01}")],
    ["another tenant", `tenants: [a]\n${text}`],
    ["another line", `\n${text}`],
  ])("changes with %s", (_what, other) => {
    expect(fingerprint(other)).not.toBe(fingerprint(text));
  });
});
