/** What goes into a plan and what comes out: values only. */
import type { Action, GuardedKind } from "../model/action.ts";
import type { ObjectId } from "../model/directory.ts";
import type { Account, Candidate, Decision } from "../model/person.ts";
import type { Tier, TierName, TierUsage } from "../model/tier.ts";

export interface PlanInput {
  /** Graph's time, epoch ms. */
  readonly now: number;
  readonly tiers: readonly Tier[];
  /** Holders at the target by tier, also those we do not manage. */
  readonly used: ReadonlyMap<TierName, number>;
  /**
   * Everybody whose inputs changed or whose state is still open, in any order, and everybody who shares an address with one of
   * them: by the directory (while in play) or by account. The rest is settled and stays as it is.
   */
  readonly people: readonly Candidate[];
  /**
   * Accounts bound to nobody whose address is that of one of `people`. Accounts bound to an object id that is not among `people`
   * may be given too: they make their address contested.
   */
  readonly unbound: readonly Account[];
  /** People for whom nothing may be done now, and why (a sentence for the admin). */
  readonly frozen: ReadonlyMap<number, string>;
  /** False suspends purges (the clock cannot be trusted). */
  readonly purgesAllowed: boolean;
}

export interface Plan {
  /** In the order in which they can be applied: no seat is given before it is free. */
  readonly actions: readonly Action[];
  /** One for each of `people`, by key. */
  readonly decisions: ReadonlyMap<number, Decision>;
  /** After the plan, in order of rank; `waiting` counts only `people`. */
  readonly tiers: readonly TierUsage[];
}

export interface GuardLimit {
  /** Held when more than this many in 24 h. */
  readonly count: number;
  /** Held when more than this share of the accounts before the cycle, from 3 people on. */
  readonly percent: number;
}

/** null: the brake is off. */
export type GuardLimits = Readonly<Record<GuardedKind, GuardLimit | null>>;

/** A (person, action) pair that was held, approved or rejected. */
export interface ActionPair {
  readonly user: ObjectId;
  readonly kind: Action["kind"];
  readonly from: TierName | null;
  readonly to: TierName | null;
}

export interface GuardInput {
  readonly limits: GuardLimits;
  /** Applied in the last 24 h by kind, without the initial cycle's creations and without what was approved. */
  readonly recent: Readonly<Record<GuardedKind, number>>;
  /** Accounts before the cycle. */
  readonly accounts: number;
  /** No cycle of this tenant has succeeded yet: creations are free, taking from adopted accounts is held. */
  readonly initial: boolean;
  /** Hold everything that changes or takes (a restored or foreign database). */
  readonly suspicious: boolean;
  /** What open holds keep back: stays held while it is proposed. */
  readonly held: readonly ActionPair[];
  readonly approved: readonly ActionPair[];
  readonly rejected: readonly ActionPair[];
}

/** Actions to hold, all because of one guarded kind. */
export interface HoldProposal {
  readonly guard: GuardedKind;
  /** Why, with numbers: `40 revokes in 24 h exceed the limit of 25`. */
  readonly reason: string;
  readonly actions: readonly Action[];
}

export interface GuardedPlan {
  readonly plan: Plan;
  readonly holds: readonly HoldProposal[];
}
