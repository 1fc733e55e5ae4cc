/** What the rules say about one person. */
import type { TierName } from "./tier.ts";

/** The rule that decided, as the admin finds it. */
export interface RuleRef {
  readonly name: string;
  /** Relative to home, with `/`. */
  readonly file: string;
  /** 1-based line of the rule. */
  readonly line: number;
}

export type SkipReason = "guest" | "disabled" | "sharedMailbox" | "noAddress";

export type Verdict =
  /** A rule for a paid tier won. */
  | { readonly kind: "tier"; readonly tier: TierName; readonly rule: RuleRef }
  /** A rule for a revoking tier won. `doubt`: a paid tier's rule matches too, so logs are not purged. */
  | { readonly kind: "revoke"; readonly tier: TierName; readonly rule: RuleRef; readonly doubt: RuleRef | null }
  /** No rule matches: the person has left the groups. */
  | { readonly kind: "none" }
  /** Deleted in Entra. */
  | { readonly kind: "deleted" }
  /** Rules of equal priority name different tiers: nothing is done. */
  | { readonly kind: "conflict"; readonly rules: readonly RuleRef[] }
  /** Somebody else changes the tier back in the licence system, again and again: nothing is done. */
  | { readonly kind: "contested"; readonly tier: TierName; readonly rule: RuleRef; readonly times: number }
  /** A rule matches, but people of this sort are left out unless the rule includes them. `rule`: the one that matched. */
  | {
      readonly kind: "skipped";
      readonly why: SkipReason;
      readonly detail: string;
      readonly rule: RuleRef;
      readonly tier: TierName;
    }
  /** The outcome hangs on something not read yet (the mailbox): never decided as if it were null. */
  | { readonly kind: "unknown"; readonly needs: "mailbox" | "properties"; readonly detail: string };

/** One rule in `explain`: did it match, did it win, and why. */
export interface RuleTrace {
  readonly rule: RuleRef;
  readonly tier: TierName;
  readonly priority: number;
  readonly outcome: "won" | "lost" | "no match" | "not in force" | "skipped" | "unknown";
  /** One sentence: which condition decided. */
  readonly why: string;
  /** For a matched group condition: display names from the named group down to the person's own group. */
  readonly paths: readonly (readonly string[])[];
}
