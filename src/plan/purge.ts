/**
 * When the event logs of somebody whose licence was taken are deleted for good.
 *
 *   due = the later of the revoke and the end of doubt, plus `purgeAfter` of the revoking tier
 *
 * Never without a revoke before it, never in doubt. Leaving the revoking tier cancels it, deletion in Entra does not.
 */
import type { Account, Candidate } from "../model/person.ts";
import type { PlanContext } from "./context.ts";

/** Since when the person is in a revoking tier with no doubt, as of this plan; null: is not. Epoch ms. */
export function clearSinceOf(candidate: Candidate, now: number): number | null {
  const before = candidate.previous?.clearSince ?? null;
  switch (candidate.verdict.kind) {
    case "revoke":
      return candidate.verdict.doubt === null ? (before ?? now) : null;
    case "deleted":
    case "unknown":
      return before;
    default:
      return null;
  }
}

/** From the revoke to the purge for this person, in ms; null: no tier takes licences any more. After a deletion nobody knows the tier: the longest counts. */
export function purgeDelay(candidate: Candidate, context: PlanContext): number | null {
  if (candidate.verdict.kind !== "revoke") {
    return context.purgeAfter.size === 0 ? null : Math.max(...context.purgeAfter.values());
  }
  const delay = context.purgeAfter.get(candidate.verdict.tier);
  if (delay === undefined) throw new Error(`no revoking tier "${candidate.verdict.tier}" is declared`);
  return delay;
}

/** When the logs of an account without licence are due; epoch ms, null: never as things are. */
export function purgeDue(candidate: Candidate, account: Account, context: PlanContext): number | null {
  const clearSince = clearSinceOf(candidate, context.now);
  const delay = purgeDelay(candidate, context);
  const { revokedAt, purgedAt, tier } = account;
  if (tier !== null || revokedAt === null || purgedAt !== null || clearSince === null || delay === null) return null;
  return Math.max(revokedAt, clearSince) + delay;
}

/** Revoked by us and still meant to be when the person was deleted in Entra: no longer a matter of being managed. */
export function revokedBeforeDeletion(candidate: Candidate, account: Account): boolean {
  const { verdict, previous } = candidate;
  if (verdict.kind !== "deleted" || account.tier !== null || account.revokedAt === null) return false;
  return previous !== null && (previous.state === "unlicensed" || previous.clearSince !== null);
}
