/** People as CSV (RFC 4180) that a spreadsheet can open without running anything. */
import { plainText } from "../model/plain-text.ts";
import type { PersonView } from "../model/views.ts";

type Value = string | number | null;

const COLUMNS: readonly (readonly [string, (person: PersonView) => Value])[] = [
  ["id", (person) => person.id],
  ["tenant", (person) => person.tenant],
  ["address", (person) => person.address],
  ["displayName", (person) => person.displayName],
  ["state", (person) => person.state],
  ["reason", (person) => person.reason],
  ["tier", (person) => person.tier],
  ["wanted", (person) => person.wanted],
  ["rule", (person) => person.rule?.name ?? null],
  ["ruleFile", (person) => (person.rule === null ? null : `${person.rule.file}:${person.rule.line}`)],
  ["groups", (person) => person.groups.join("; ")],
  ["since", (person) => person.since],
  ["purgeAt", (person) => person.purgeAt],
  ["position", (person) => person.position],
  ["targetId", (person) => person.targetId],
  ["zombie", (person) => String(person.zombie)],
];

/** The header line, ended by CR LF. */
export function csvHeader(): string {
  return `${COLUMNS.map(([title]) => title).join(",")}\r\n`;
}

/** One line per person, each ended by CR LF. */
export function csvLines(people: Iterable<PersonView>): string {
  let text = "";
  for (const person of people) text += `${COLUMNS.map(([, value]) => field(value(person))).join(",")}\r\n`;
  return text;
}

/** What spreadsheets take for the start of a formula, in half and full width, also behind spaces that some leave out. */
const FORMULA = /^[\t\r\n]|^\s*[=+\-@＝＋－＠]/;

function field(value: Value): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const plain = plainText(value);
  const harmless = FORMULA.test(value) || FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",;\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
