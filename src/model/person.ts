/** A person's state, and what the planner is told about a person and tells back. */
import type { ObjectId } from "./directory.ts";
import type { TierName } from "./tier.ts";
import type { RuleRef, Verdict } from "./verdict.ts";

export const PERSON_STATES = [
  "licensed",
  "waiting",
  "unlicensed",
  "unmanaged",
  "pending",
  "conflict",
  "skipped",
  "error",
] as const;
export type PersonState = (typeof PERSON_STATES)[number];

/** A place in the queue of a tier. */
export interface QueuePlace {
  readonly tier: TierName;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** An account at the target, as the agent knows it. */
export interface Account {
  /** Row key in the store. */
  readonly key: number;
  /** The object id it is bound to (SCIM `externalId`); null: nobody's yet. */
  readonly boundTo: ObjectId | null;
  readonly address: string;
  readonly tier: TierName | null;
  /** Canonical JSON of the `Profile` last written; null: never written by us. */
  readonly profile: string | null;
  /** When its licence was taken through a revoking tier; null: it was not, or has been given one since. Epoch ms. */
  readonly revokedAt: number | null;
  /** When its event logs were deleted for good; null: they were not since the last revoke. Epoch ms. */
  readonly purgedAt: number | null;
  /** Taken over rather than created by us. */
  readonly adopted: boolean;
  /** What the agent had given before somebody changed the tier at the target by hand, where that is to be left; absent: nobody did. */
  readonly overridden?: { readonly tier: TierName | null };
}

/** A failure of one person's action, waiting for the next try. */
export interface PersonFailure {
  readonly code: string;
  readonly message: string;
  /** Refusals in a row, ≥ 1. */
  readonly attempts: number;
  /** Not tried again before this; epoch ms. */
  readonly nextTryAt: number;
}

/** One person as the planner sees them: what the rules say, what the target has, what the last cycle left. */
export interface Candidate {
  /** Row key in the store; unique in a tenant. */
  readonly key: number;
  readonly id: ObjectId;
  /** Address according to the directory; null: none, or the person is not in the directory any more. */
  readonly address: string | null;
  readonly verdict: Verdict;
  /** Canonical JSON of the person's `Profile` now; null: not readable now (left, deleted). */
  readonly profile: string | null;
  /** Whether mailbox settings are read (or known to be missing, or not to be asked for). False: a creation has to wait. */
  readonly mailboxRead: boolean;
  /** The account bound to this person. */
  readonly account: Account | null;
  readonly previous: PreviousDecision | null;
}

/** What the last cycle decided about a person; the parts that the next decision builds on. */
export interface PreviousDecision {
  readonly state: PersonState;
  readonly reason: string;
  /** Since when in this state; epoch ms. */
  readonly since: number;
  readonly queue: QueuePlace | null;
  /** Since when in a revoking tier with no doubt; epoch ms. */
  readonly clearSince: number | null;
  readonly failure: PersonFailure | null;
}

/** What a cycle decides about a person, if every action of the plan succeeds. People of whom the same is decided may share one. */
export interface Decision {
  readonly state: PersonState;
  /** A sentence for the admin; begins lower-case: `rule pro`, `no free seat of Pro; keeps Eco`. */
  readonly reason: string;
  readonly since: number;
  readonly queue: QueuePlace | null;
  readonly clearSince: number | null;
  /** When the event logs will be purged if nothing changes; epoch ms. */
  readonly purgeAt: number | null;
  /** Tier of the winning rule, revoking tiers included; null: no rule matches. */
  readonly wanted: TierName | null;
  readonly rule: RuleRef | null;
}
