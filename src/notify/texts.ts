/** Lays out what a message says: one text part and one HTML part of the same content. */
import type { NoticeData } from "../model/notice.ts";
import { plainText } from "../model/plain-text.ts";
import type { Language, Section, Table, Texts } from "./content.ts";
import { ENGLISH } from "./texts-en.ts";
import { FRENCH } from "./texts-fr.ts";

export interface MessageText {
  /** One line without control characters. */
  readonly subject: string;
  readonly text: string;
  /** A whole document that refers to nothing outside itself. */
  readonly html: string;
}

const LANGUAGES: Readonly<Record<Language, Texts>> = { en: ENGLISH, fr: FRENCH };
/** Rows of a table that are shown. */
const ROWS = 50;
/** Code points of a subject; longer ones are cut. */
const SUBJECT = 150;

/** A message about these events, given by topic: at least one topic, at least one event in each. */
export function noticeText(
  language: Language,
  tenant: string,
  topics: readonly (readonly NoticeData[])[],
): MessageText {
  const texts = LANGUAGES[language];
  const sections = topics.map((events) => section(texts, events.map(cleaned)));
  const [only] = sections;
  if (sections.length === 1 && only !== undefined) return layOut(texts, tenant, only, []);
  const events = topics.reduce((sum, topic) => sum + topic.length, 0);
  return layOut(texts, tenant, { ...texts.digest(events), paragraphs: [], table: null }, sections);
}

/** The message that `check --send-test` sends. */
export function testText(language: Language, tenant: string): MessageText {
  const texts = LANGUAGES[language];
  return layOut(texts, tenant, texts.test, []);
}

function section(texts: Texts, events: readonly NoticeData[]): Section {
  const [first] = events;
  if (first === undefined) throw new Error("a topic without events");
  // All events of a topic are of one kind.
  const write = texts.sections[first.kind] as (events: readonly NoticeData[]) => Section;
  return write(events);
}

/** Every text in the data as one harmless line. */
function cleaned<T>(value: T): T {
  if (typeof value === "string") return plainText(value) as T;
  if (Array.isArray(value)) return value.map(cleaned) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cleaned(inner)])) as T;
}

function layOut(texts: Texts, tenant: string, head: Section, parts: readonly Section[]): MessageText {
  const subject = [...plainText(`[tiersync] ${tenant}: ${head.subject}`)];
  const footer = texts.footer(tenant);
  const text = [
    ...textOf(texts, head),
    ...parts.flatMap((part) => [heading(part.subject), ...textOf(texts, part)]),
    `-- \n${footer}`,
  ];
  const html = [
    htmlOf(texts, head),
    ...parts.map((part) => `<h2 style="${H2}">${escaped(capital(part.subject))}</h2>${htmlOf(texts, part)}`),
    `<p style="${FOOTER}">${escaped(footer)}</p>`,
  ];
  return {
    subject: subject.length > SUBJECT ? `${subject.slice(0, SUBJECT - 1).join("")}…` : subject.join(""),
    text: `${text.join("\n\n")}\n`,
    html: page(texts.language, subject.join(""), html.join("\n")),
  };
}

function heading(subject: string): string {
  const line = capital(subject);
  return `${line}\n${"=".repeat(Math.min([...line].length, 70))}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function textOf(texts: Texts, { action, paragraphs, table }: Section): string[] {
  const blocks = [action, ...paragraphs];
  if (table === null) return blocks;
  const shown = cut(table);
  const lines = shown.rows.map((row) => `- ${row.map((cell) => (cell === "" ? "–" : cell)).join(" | ")}`);
  if (table.head.length > 1) lines.unshift(table.head.join(" | "));
  if (shown.more > 0) lines.push(`- ${texts.more(shown.more)}`);
  return [...blocks, lines.join("\n")];
}

function htmlOf(texts: Texts, { action, paragraphs, table }: Section): string {
  const blocks = [`<p style="${P}"><strong>${escaped(action)}</strong></p>`];
  for (const paragraph of paragraphs) blocks.push(`<p style="${P}">${escaped(paragraph)}</p>`);
  if (table === null) return blocks.join("\n");
  const shown = cut(table);
  const row = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag} align="left" valign="top" style="${CELL}">${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const rows = [row(table.head, "th"), ...shown.rows.map((cells) => row(cells, "td"))];
  if (shown.more > 0) {
    rows.push(`<tr><td colspan="${table.head.length}" style="${CELL}">${escaped(texts.more(shown.more))}</td></tr>`);
  }
  const inner = rows.join("\n");
  return `${blocks.join("\n")}\n<table cellpadding="0" cellspacing="0" border="0" style="${TABLE}">\n${inner}\n</table>`;
}

function cut({ head, rows, more }: Table): Table {
  return { head, rows: rows.slice(0, ROWS), more: more + Math.max(0, rows.length - ROWS) };
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

// Mail programs drop style sheets: styles are on the elements, and the layout is a table.
const P = "margin:0 0 12px 0";
const H2 = "margin:24px 0 8px 0;font-size:16px";
const TABLE = "border-collapse:collapse;margin:0 0 12px 0";
const CELL = "border:1px solid #c8ccd0;padding:4px 8px;font-size:14px";
const FOOTER = "margin:24px 0 0 0;color:#5a6068;font-size:12px";

function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head>
<body style="margin:0;padding:0;background:#ffffff">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td style="padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5;color:#1c2024">
${body}
</td></tr></table>
</body>
</html>
`;
}
