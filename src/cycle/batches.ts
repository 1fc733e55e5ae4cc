/** A plan's actions in the slices in which they are sent to the target. */
import type { Action } from "../model/action.ts";

/** Actions in one transaction of the ledger, and at most in one slice for a remote system. */
const BATCH = 20_000;

/** Slices of about `size` actions; actions that exchange seats are never parted. */
export function* batches(actions: readonly Action[], size: number = BATCH): Iterable<readonly Action[]> {
  for (let start = 0; start < actions.length; ) {
    let end = Math.min(start + size, actions.length);
    while (end < actions.length && actions[end]?.swap !== undefined && actions[end]?.swap === actions[end - 1]?.swap)
      end += 1;
    yield actions.slice(start, end);
    start = end;
  }
}

/**
 * Slices in which no action takes a seat that another of the same slice frees: a remote system may refuse the one, and then the other
 * must not be sent. The ledger refuses nothing that a plan proposes.
 */
export function* segments(actions: readonly Action[]): Iterable<readonly Action[]> {
  let slice: Action[] = [];
  const freed = new Set<string>();
  for (const action of actions) {
    const swapping = action.swap !== undefined && action.swap === slice.at(-1)?.swap;
    if (slice.length >= BATCH || (takesSeat(action) && !swapping && action.to !== null && freed.has(action.to))) {
      yield slice;
      slice = [];
      freed.clear();
    }
    slice.push(action);
    if (freesSeat(action)) freed.add(action.from);
  }
  if (slice.length > 0) yield slice;
}

export function takesSeat({ kind }: Action): boolean {
  return kind === "assign" || kind === "change";
}

export function freesSeat(action: Action): action is Action & { from: string } {
  return (action.kind === "revoke" || action.kind === "change") && action.from !== null;
}
