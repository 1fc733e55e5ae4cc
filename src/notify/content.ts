/** What a message says, before it is laid out as text or HTML, and what each language has to provide. */
import type { NoticeKind, NoticeOf } from "../model/notice.ts";

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
