/** What every step of planning needs to know about the plan as a whole, and who is left alone in it. */
import type { Candidate, Decision, PersonState } from "../model/person.ts";
import type { TierName } from "../model/tier.ts";
import type { Verdict } from "../model/verdict.ts";
import type { PlanInput } from "./types.ts";

export interface PlanContext {
  readonly now: number;
  readonly purgesAllowed: boolean;
  readonly frozen: ReadonlyMap<number, string>;
  /** Seats bought of each paid tier, in order of rank. */
  readonly seats: ReadonlyMap<TierName, number>;
  /** Of each revoking tier; ms. */
  readonly purgeAfter: ReadonlyMap<TierName, number>;
  /** Of whom nothing was decided before, by verdict: thousands of newcomers come by a handful of rules. */
  readonly first: Map<Verdict, readonly Decision[]>;
}

export function planContext(input: PlanInput): PlanContext {
  const seats = new Map<TierName, number>();
  const purgeAfter = new Map<TierName, number>();
  for (const tier of input.tiers) {
    if (tier.kind === "paid") seats.set(tier.name, tier.seats);
    else purgeAfter.set(tier.name, tier.purgeAfter);
  }
  return {
    now: input.now,
    purgesAllowed: input.purgesAllowed,
    frozen: input.frozen,
    seats,
    purgeAfter,
    first: new Map(),
  };
}

export interface Halt {
  readonly state: PersonState;
  readonly reason: string;
}

/** Why nothing may be done for this person now (frozen, or waiting for the next try after a refusal); null: go on. */
export function haltOf(candidate: Candidate, context: PlanContext): Halt | null {
  const frozen = context.frozen.get(candidate.key);
  if (frozen !== undefined) return { state: "pending", reason: frozen };
  const { previous } = candidate;
  if (previous === null || !isPaused(candidate, context)) return null;
  return { state: "error", reason: previous.state === "error" ? previous.reason : (previous.failure?.message ?? "") };
}

/** Whether the next try after a refusal is still to come. */
export function isPaused({ previous }: Candidate, context: PlanContext): boolean {
  return (previous?.failure?.nextTryAt ?? 0) > context.now;
}

/** Code unit order: the same on every machine, whatever its language. */
export function compareIds(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
