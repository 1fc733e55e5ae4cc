import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { csvHeader, csvLines } from "../../src/cli/csv.ts";
import type { PersonView } from "../../src/model/views.ts";

function person(over: Partial<PersonView> = {}): PersonView {
  return {
    id: "00000000-0000-4000-8000-000000000001",
    tenant: "contoso",
    address: "ada@contoso.example",
    displayName: "Ada",
    state: "licensed",
    reason: "rule pro",
    tier: "Pro",
    wanted: "Pro",
    rule: { name: "pro", file: "rules/secure-exchanges.yaml", line: 6 },
    groups: ["Eco", "Pro"],
    since: "2026-01-01T00:00:00.000Z",
    purgeAt: null,
    position: null,
    targetId: "7",
    zombie: false,
    ...over,
  };
}

function peopleCsv(people: readonly PersonView[]): string {
  return csvHeader() + csvLines(people);
}

/** An independent reader of RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (let at = 0, row: string[] = []; at < text.length; ) {
    const quoted = /"((?:[^"]|"")*)"(,|\r\n)/y;
    const bare = /([^",\r\n]*)(,|\r\n)/y;
    const reader = text[at] === '"' ? quoted : bare;
    reader.lastIndex = at;
    const match = reader.exec(text);
    if (match === null) throw new Error(`no field at ${at}`);
    row.push((match[1] ?? "").replaceAll('""', '"'));
    at = reader.lastIndex;
    if (match[2] === "\r\n") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

function nameCell(displayName: string): string {
  const [header = [], row = []] = parseCsv(peopleCsv([person({ displayName })]));
  return row[header.indexOf("displayName")] ?? "";
}

describe("a CSV of people", () => {
  test("has a header and one line per person, ended by CR LF", () => {
    const rows = parseCsv(peopleCsv([person(), person({ tier: null, rule: null, position: 3 })]));
    expect(rows.map((row) => row.length)).toEqual([16, 16, 16]);
    const first = Object.fromEntries((rows[0] ?? []).map((title, index) => [title, rows[1]?.[index]]));
    expect(first).toMatchObject({
      tier: "Pro",
      rule: "pro",
      ruleFile: "rules/secure-exchanges.yaml:6",
      groups: "Eco; Pro",
    });
    const second = Object.fromEntries((rows[0] ?? []).map((title, index) => [title, rows[2]?.[index]]));
    expect(second).toMatchObject({ tier: "", rule: "", position: "3" });
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["  =1", "'  =1"],
    ["＝1", "'＝1"],
    ['=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'],
    ["Ada, Countess", "Ada, Countess"],
    ['Ada "A" L', 'Ada "A" L'],
  ])("keeps %j harmless", (name, expected) => {
    expect(nameCell(name)).toBe(expected);
  });

  test.each(["\t=1", "\r1", "\n1", "\u001b]0;x\u0007=1"])(
    "keeps %j harmless and free of control characters",
    (name) => {
      expect(nameCell(name)).toMatch(/^'?[^=+\-@\u0000-\u001f][^\u0000-\u001f]*$/);
    },
  );

  test("is readable whatever the name, and no cell begins a formula or holds a control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        expect(nameCell(name)).not.toMatch(/^\s*[=+\-@]|[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
