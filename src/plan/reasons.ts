/** The sentences that states and actions carry. They begin lower-case and name rules, tiers and object ids, never a time. */
import type { Account } from "../model/person.ts";
import type { TierName } from "../model/tier.ts";
import type { RuleRef, Verdict } from "../model/verdict.ts";

export const MAILBOX_UNREAD = "mailbox not read yet";

export function byRule(rule: RuleRef): string {
  let text = byRuleTexts.get(rule);
  if (text === undefined) {
    text = `rule ${rule.name}`;
    byRuleTexts.set(rule, text);
  }
  return text;
}

/** One text for all whom a rule decides, instead of one for each. */
const byRuleTexts = new WeakMap<RuleRef, string>();

export function noSeat(wanted: TierName, held: TierName | null): string {
  return held === null ? `no free seat of ${wanted}` : `no free seat of ${wanted}; keeps ${held}`;
}

/** `nothing to take` with the revoking tier's own name. */
export function nothingToTake(tier: TierName): string {
  return `only in ${tier}; nothing to take`;
}

/** Why the state is `unlicensed`, or the reason of a revoke. */
export function revoked(rule: RuleRef, doubt: RuleRef | null): string {
  return doubt === null ? byRule(rule) : `${byRule(rule)}; event logs are kept while rule ${doubt.name} matches too`;
}

export function rulesDisagree(rules: readonly RuleRef[]): string {
  const named = rules.map((rule) => `${rule.name} (${rule.file}:${rule.line})`);
  return `rules ${named.join(" and ")} have equal priority and name different tiers; nothing is done`;
}

/** Why somebody is not managed, or no longer: then there is an account. */
export function unmanaged(verdict: Verdict, account: Pick<Account, "tier"> | null): string {
  const why =
    verdict.kind === "deleted"
      ? "deleted in Entra"
      : verdict.kind === "skipped"
        ? verdict.detail
        : account === null
          ? "no rule matches"
          : "no rule matches any more";
  const held = account?.tier ?? null;
  return held === null ? why : `${why}; keeps ${held}`;
}

/** `expected` is what the rules give; somebody has put `found` in its place at the target. */
export function leftAsFound(expected: TierName | null, found: TierName | null): string {
  const change = `from ${expected ?? "no licence"} to ${found ?? "none"}`;
  return `changed ${change} in the licence system by hand; left as it is (onDrift: report)`;
}

export function contestedTier(tier: TierName, times: number): string {
  return `somebody in the licence system changed ${tier} back ${times} times in a row; nothing is done until the person's groups, or attributes that rules look at, change`;
}
