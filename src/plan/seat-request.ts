/** Somebody who wants a seat. */
import type { ObjectId } from "../model/directory.ts";
import type { TierName } from "../model/tier.ts";
import { compareIds } from "./context.ts";

export interface SeatRequest {
  /** Index of the person in the plan. */
  readonly person: number;
  readonly id: ObjectId;
  /** Tier held now; null: none. */
  readonly from: TierName | null;
  readonly to: TierName;
  /** In the queue since; epoch ms. */
  readonly since: number;
  /** The target has refused this person again and again: nobody should wait for a seat that is kept for them. */
  readonly refused: boolean;
}

/** The order of every queue: longest waiting first, then by object id; behind them, in the same order, those whom the target refuses. */
export function compareRequests(left: SeatRequest, right: SeatRequest): number {
  return Number(left.refused) - Number(right.refused) || left.since - right.since || compareIds(left.id, right.id);
}
