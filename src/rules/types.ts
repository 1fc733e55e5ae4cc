/** Rules as data, before and after they are bound to a tenant's groups. */

import type { ObjectId, PersonFacts } from "../model/directory.ts";
import type { Finding } from "../model/finding.ts";
import type { TierName } from "../model/tier.ts";
import type { RuleRef } from "../model/verdict.ts";

export type IncludeKind = "guests" | "disabled" | "sharedMailbox";

/** A group as a rule names it, with the place where it is named. */
export interface GroupMention {
  /** Exactly one of the two is set. */
  readonly name: string | null;
  readonly id: ObjectId | null;
  /** `{name, anywhere: true}`: any group of the tenant, not only the parent's members. */
  readonly anywhere: boolean;
  readonly at: Position;
}

/** Where something stands in a rule file. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `rules[2].when.group` */
  readonly path: string;
}

export type AttributeTest =
  | { readonly op: "equals"; readonly value: string | boolean | number }
  | { readonly op: "in"; readonly values: readonly (string | boolean | number)[] }
  | { readonly op: "like"; readonly pattern: string }
  | { readonly op: "exists"; readonly value: boolean };

/** `G` is `GroupMention` as parsed, `BoundGroup` once bound. */
export type Condition<G> =
  | { readonly kind: "group"; readonly group: G }
  | { readonly kind: "attribute"; readonly attribute: string; readonly test: AttributeTest; readonly at: Position }
  | { readonly kind: "all" | "any"; readonly of: readonly Condition<G>[] }
  | { readonly kind: "not"; readonly of: Condition<G> };

export interface BoundGroup {
  readonly id: ObjectId;
  readonly displayName: string;
}

export interface Rule<G = GroupMention> {
  readonly ref: RuleRef;
  readonly nameAt: Position;
  readonly tier: TierName;
  readonly tierAt: Position;
  /** A whole number; the highest that matches wins. */
  readonly priority: number;
  readonly when: Condition<G>;
  /** In force from this instant; epoch ms, null: always. */
  readonly from: number | null;
  /** No longer in force from this instant on; epoch ms, null: for ever. */
  readonly until: number | null;
  readonly include: ReadonlySet<IncludeKind>;
  readonly description: string | null;
}

export interface RuleFile {
  readonly path: string;
  readonly description: string | null;
  readonly enabled: boolean;
  /** Tenants it is for; null: all. */
  readonly tenants: readonly string[] | null;
  /** Where each of `tenants` is named. */
  readonly tenantsAt: readonly Position[];
  readonly rules: readonly Rule[];
  readonly tests: readonly RuleTest[];
}

export interface RuleTest {
  readonly name: string;
  readonly at: Position;
  readonly groups: readonly string[];
  /** Attributes by their Graph names; `mailbox.purpose` and so on too. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Expected tier; null: none. */
  readonly tier: TierName | null;
  readonly tierAt: Position;
}

export interface RuleSet {
  readonly files: readonly RuleFile[];
  /**
   * Equal exactly when the rules mean the same and stand in the same places (people's records name file and line): a change
   * leads to a new evaluation of everybody. Comments, layout within a line, descriptions and tests do not count.
   */
  readonly fingerprint: string;
}

/** Whether a condition holds; null: it hangs on something that is not read yet. */
export type Ternary = boolean | null;

/** Throws `ERR_INTERNAL` when a property it looks at was not selected: absent is not null. */
export type Matcher = (facts: PersonFacts) => Ternary;

export interface BoundRule extends Rule<BoundGroup> {
  /** Whether `tier` takes the licence back. */
  readonly revoking: boolean;
  /** `when`, compiled. */
  readonly matches: Matcher;
}

/** The rules of one tenant with every group resolved to its object id, ready to evaluate. */
export interface BoundRules {
  /** Sorted by priority, highest first, then by file and line. Disabled files and other tenants' files are gone. */
  readonly rules: readonly BoundRule[];
  readonly mailboxSettings: boolean;
}

/** A text and where it came from. */
export interface SourceFile {
  /** Relative to home, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Parsed<T> {
  /** Null when any finding is an error. */
  readonly value: T | null;
  readonly findings: readonly Finding[];
}
