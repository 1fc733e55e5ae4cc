/** What a plan proposes to do. Plain data: it can be stored, compared, shown and approved. */
import type { ObjectId } from "./directory.ts";
import type { TierName } from "./tier.ts";

export const ACTION_KINDS = [
  "create",
  "adopt",
  "assign",
  "change",
  "wait",
  "update",
  "revoke",
  "purge",
  "release",
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

export type ActionCounts = Readonly<Record<ActionKind, number>>;

/** Kinds that can have a brake (`guard:` in tiersync.yaml). */
export const GUARDED_KINDS = ["revoke", "purge", "change", "create"] as const;
export type GuardedKind = (typeof GUARDED_KINDS)[number];

export interface Action {
  readonly kind: ActionKind;
  readonly user: ObjectId;
  /** Row key of the person in the store; meaningless outside this process. */
  readonly person: number;
  readonly address: string | null;
  /** Tier held before; null: none. */
  readonly from: TierName | null;
  /** create, adopt, update, purge, release: the tier held after it. wait: the tier waited for. */
  readonly to: TierName | null;
  readonly reason: string;
  /** adopt: the store's key of the account taken over. */
  readonly account?: number;
  /** Actions with the same number exchange seats and are applied together. */
  readonly swap?: number;
}

export function emptyCounts(): Record<ActionKind, number> {
  return { create: 0, adopt: 0, assign: 0, change: 0, wait: 0, update: 0, revoke: 0, purge: 0, release: 0 };
}

/** Equal exactly for the same person, kind and tiers: what was held, approved or rejected. */
export function pairKey({ user, kind, from, to }: Pick<Action, "user" | "kind" | "from" | "to">): string {
  return JSON.stringify([user, kind, from, to]);
}
