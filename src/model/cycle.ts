/** One synchronisation of one tenant, as history, `/cycles` and `sync --json` show it. */
import { type Action, type ActionCounts, type ActionKind, emptyCounts, pairKey } from "./action.ts";
import { DAY } from "./days.ts";
import type { ObjectId } from "./directory.ts";

/** Longest time of one cycle, in ms: less than the shortest usual period. */
export const CYCLE_DEADLINE = 4 * 60 * 1000;

export type CycleKind = "initial" | "incremental" | "full";
export type CycleTrigger = "schedule" | "api" | "cli" | "startup";
export type CycleOutcome = "succeeded" | "held" | "failed";

/** What a cycle does, in this order. */
export const CYCLE_STEPS = ["read", "evaluate", "mailboxes", "plan", "apply"] as const;
export type CycleStepName = (typeof CYCLE_STEPS)[number];

export interface RequestCounts {
  readonly token: number;
  /** HTTP requests to Graph; a `$batch` counts as 1. */
  readonly graph: number;
  readonly target: number;
}

export interface PersonFailureRecord {
  readonly user: ObjectId;
  readonly code: string;
  readonly message: string;
}

export interface CycleError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface CycleRecord {
  readonly id: string;
  readonly tenant: string;
  readonly kind: CycleKind;
  readonly trigger: CycleTrigger;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  /** Null while it runs, like `durationMs` and `outcome`. */
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly outcome: CycleOutcome | null;
  readonly requests: RequestCounts;
  /** Actions that were applied. */
  readonly actions: ActionCounts;
  /** Actions held in this cycle, by kind; kinds without any are absent. */
  readonly held: Readonly<Partial<Record<ActionKind, number>>>;
  readonly failures: readonly PersonFailureRecord[];
  readonly error: CycleError | null;
}

/** A cycle that was asked for and has not begun or not ended. */
export interface RequestedCycle {
  readonly tenant: string;
  readonly trigger: CycleTrigger;
  /** When it was asked for; epoch ms. */
  readonly since: number;
  readonly full: boolean;
}

/** Its record while nothing of it is known. */
export function announcedCycle(id: string, { tenant, trigger, since, full }: RequestedCycle): CycleRecord {
  return {
    ...{ id, tenant, kind: full ? "full" : "incremental", trigger, startedAt: new Date(since).toISOString() },
    ...{ finishedAt: null, durationMs: null, outcome: null },
    ...{ requests: { token: 0, graph: 0, target: 0 }, actions: emptyCounts(), held: {}, failures: [], error: null },
  };
}

/** A hold that nobody rules on forms anew after this, with one new mail; ms. */
export const HOLD_LIFETIME = DAY;

/** Actions kept back until a person approves. */
export interface Hold {
  readonly id: string;
  readonly tenant: string;
  /** The guarded kind whose limit was exceeded. */
  readonly guard: ActionKind;
  /** Why, with numbers: `40 revokes in 24 h exceed the limit of 25`. */
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly since: string;
  readonly expiresAt: string;
  /** Held actions, dependent ones (the assign of a held create) included. */
  readonly actions: readonly Action[];
}

/** What to do where nobody knows a hold: at the command line, through an agent or not, and for programs. */
export const WHERE_HOLDS_ARE = "`tiersync holds` and GET /holds list the open ones";

/** Whether an open hold goes on, under its id, as what is held now: it has not expired, and its set has not grown. */
export function goesOn(hold: Hold, now: Pick<Hold, "guard" | "actions">, at: number): boolean {
  if (hold.guard !== now.guard || hasExpired(hold, at)) return false;
  const pairs = new Set(hold.actions.map(pairKey));
  return now.actions.every((action) => pairs.has(pairKey(action)));
}

/** Whether nobody ruled on it in time; `at`: epoch ms. */
export function hasExpired({ expiresAt }: Pick<Hold, "expiresAt">, at: number): boolean {
  return Date.parse(expiresAt) <= at;
}
