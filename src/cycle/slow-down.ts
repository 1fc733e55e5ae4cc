/**
 * Scheduled cycles that fail over and over for a reason that only a person can mend come less often. Nothing else slows down, and any
 * edit, new credential or request ends it.
 */
import type { CycleRecord } from "../model/cycle.ts";

/** Failures in a row before a tick is left out. */
const PATIENCE = 3;
/** At most this many ticks are left out in a row. */
const LONGEST = 12;

const FOR_A_PERSON: ReadonlySet<string> = new Set([
  "ERR_CONFIG",
  "ERR_SECRET",
  "ERR_CREDENTIAL",
  "ERR_GRAPH_FORBIDDEN",
  "ERR_GRAPH_ORIGIN",
  "ERR_GROUP_NOT_FOUND",
  "ERR_GROUP_AMBIGUOUS",
  "ERR_GROUP_HIDDEN",
  "ERR_TARGET_FORBIDDEN",
]);

/** Why scheduled cycles come less often. */
export interface SlowedDown {
  /** In a row. */
  readonly failures: number;
  /** Ticks that will not be used. */
  readonly leftOut: number;
}

export interface SlowDown {
  /** Null: every tick is used. */
  readonly now: SlowedDown | null;
  /** Whether this tick is to be used. Counts it. */
  due(): boolean;
  /** Told of each finished cycle. */
  ended(record: CycleRecord): void;
  /** Something changed that may have mended it. */
  reset(): void;
}

export function createSlowDown(): SlowDown {
  let failures = 0;
  let leaveOut = 0;
  return {
    get now() {
      return failures < PATIENCE ? null : { failures, leftOut: leaveOut };
    },
    due: () => {
      if (leaveOut === 0) return true;
      leaveOut -= 1;
      return false;
    },
    ended: ({ outcome, error }) => {
      const mending = outcome === "failed" && error !== null && FOR_A_PERSON.has(error.code);
      failures = mending ? failures + 1 : 0;
      leaveOut = failures < PATIENCE ? 0 : Math.min(2 ** (failures - PATIENCE), LONGEST);
    },
    reset: () => {
      failures = 0;
      leaveOut = 0;
    },
  };
}
