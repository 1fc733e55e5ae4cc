/** When a kind of action is too much at once, and what is always kept back. Numbers and pairs only; who is held is decided in `guard.ts`. */
import { type Action, GUARDED_KINDS, type GuardedKind } from "../model/action.ts";
import type { TierName } from "../model/tier.ts";
import type { GuardInput } from "./types.ts";

/** Fewer people than this never exceed a percentage: one of two is no catastrophe. */
const PERCENT_FROM = 3;

const PLURALS: Readonly<Record<GuardedKind, string>> = {
  revoke: "revokes",
  purge: "purges",
  change: "changes",
  create: "creations",
};

const GUARDED: ReadonlySet<Action["kind"]> = new Set(GUARDED_KINDS);

export function isGuarded(kind: Action["kind"]): kind is GuardedKind {
  return GUARDED.has(kind);
}

/** Why `number` actions of this kind in 24 h are too many; null: they are not. */
export function excess(kind: GuardedKind, number: number, guard: GuardInput): string | null {
  const limit = guard.limits[kind];
  if (limit === null || (kind === "create" && guard.initial)) return null;
  const many = `${number} ${PLURALS[kind]} in 24 h exceed`;
  if (number > limit.count) return `${many} the limit of ${limit.count}`;
  // Of no accounts at all there is no share.
  if (guard.accounts > 0 && number >= PERCENT_FROM && number * 100 > limit.percent * guard.accounts) {
    return `${many} ${limit.percent} % of ${guard.accounts} accounts`;
  }
  return null;
}

/** Why this one action is kept back whatever the numbers; null: it is not. `adopted`: the account was taken over, not created by us. */
export function alwaysHeld(
  action: Action,
  adopted: boolean,
  ranks: ReadonlyMap<TierName, number>,
  guard: GuardInput,
): string | null {
  if (action.kind !== "revoke" && action.kind !== "purge" && action.kind !== "change") return null;
  if (guard.suspicious) return "the agent's database was restored or comes from elsewhere";
  if (!guard.initial || !adopted) return null;
  if (action.kind === "change" && rankOf(action.from, ranks) < rankOf(action.to, ranks)) return null;
  return "the first synchronisation takes nothing from accounts that were taken over";
}

/** A tier that is not declared counts as the highest: giving it up takes something. */
function rankOf(tier: TierName | null, ranks: ReadonlyMap<TierName, number>): number {
  return tier === null ? -1 : (ranks.get(tier) ?? Number.POSITIVE_INFINITY);
}
