/** Licence tiers and how many seats of each were bought. */

/** A tier's name as written in tiersync.yaml: `Eco`, `Advanced`, `Pro`, `No_Licence`… */
export type TierName = string;

/** A tier with seats. The order of declaration is the rank, lowest first. */
export interface PaidTier {
  readonly kind: "paid";
  readonly name: TierName;
  /** Seats bought: a whole number ≥ 0. */
  readonly seats: number;
  /** Warn when fewer seats than this are free; null: never. */
  readonly warnBelow: number | null;
}

/** A tier that takes the licence back (`No_Licence`). */
export interface RevokingTier {
  readonly kind: "revoking";
  readonly name: TierName;
  /** Milliseconds from the revoke to the purge of the event logs; 0: together with the revoke. */
  readonly purgeAfter: number;
}

export type Tier = PaidTier | RevokingTier;

/** Seats of one paid tier, as `/status` and `plan` show them. */
export interface TierUsage {
  readonly name: TierName;
  readonly seats: number;
  /** Every holder at the target, also those that are not managed. */
  readonly used: number;
  /** `max(0, seats - used)` */
  readonly free: number;
  /** `max(0, used - seats)`: fewer seats bought than used; nothing is taken because of it. */
  readonly overdraft: number;
  readonly waiting: number;
}

/** `TierUsage` from its three independent numbers. */
export function tierUsage(name: TierName, seats: number, used: number, waiting: number): TierUsage {
  return { name, seats, used, free: Math.max(0, seats - used), overdraft: Math.max(0, used - seats), waiting };
}
