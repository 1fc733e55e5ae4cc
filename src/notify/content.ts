/** What a message says, before it is laid out as text or HTML, and what each language has to provide; with what is the same in all of them. */
import type { NoticeKind, NoticeOf, NoticePerson } from "../model/notice.ts";

export type Language = "en" | "fr";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that exist beyond `rows`. */
  readonly more: number;
}

/** What is told of the events of one topic. Names and addresses in it are data, not yet escaped for any format. */
export interface Section {
  /** What happened; begins lower-case, for it follows the tenant's name. */
  readonly subject: string;
  /** What to do: one sentence, the first thing that is read. */
  readonly action: string;
  readonly paragraphs: readonly string[];
  readonly table: Table | null;
}

export interface Texts {
  readonly language: Language;
  /** Each is given at least one event, oldest first. */
  readonly sections: { readonly [K in NoticeKind]: (events: readonly NoticeOf<K>[]) => Section };
  readonly test: Section;
  /** Subject and first line of a message about several topics. */
  readonly digest: (events: number) => Pick<Section, "subject" | "action">;
  readonly more: (rows: number) => string;
  readonly footer: (tenant: string) => string;
}

/** An event about somebody. */
export interface AboutPerson {
  readonly person: NoticePerson;
}

/** The newest, where events of one topic are told by the newest alone. */
export function last<T>(events: readonly T[]): T {
  return events.at(-1) as T;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[], more = 0): Table {
  return { head, rows, more };
}

export function name({ displayName }: NoticePerson): string {
  return displayName ?? "";
}

export function address({ address: known, id }: NoticePerson): string {
  return known ?? id;
}

/** One person by name; of several the number, in the language's words. */
export function nameOrNumber(events: readonly AboutPerson[], people: (number: number) => string): string {
  const [first] = events;
  if (first === undefined || new Set(events.map(({ person }) => person.id)).size > 1) return people(events.length);
  return first.person.displayName ?? address(first.person);
}
