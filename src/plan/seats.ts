/**
 * Who gets a seat. One queue per wanted tier, by `since`, then object id; newcomers and movers alike.
 *
 *   1. A seat that is free goes to the head of its queue; a mover's old seat is free at once and goes to the head of that queue,
 *      until no tier with a free seat has anybody waiting. The outcome does not hang on the order in which tiers are looked at.
 *   2. Then closed swaps among those who still wait and hold a seat (`swaps.ts`): they leave the number of seats used as it is.
 *
 * While more seats are used than bought, seats that come free reduce the overdraft and nobody gets one.
 */
import type { TierName } from "../model/tier.ts";
import { compareRequests, type SeatRequest } from "./seat-request.ts";
import { closedSwaps } from "./swaps.ts";

export interface Allocation {
  /** In the order in which the seats are free. */
  readonly given: readonly SeatRequest[];
  /** Each a closed exchange: everybody takes the seat of the next one. */
  readonly swaps: readonly (readonly SeatRequest[])[];
  /** Would have been given a seat, but `stops` kept them from it. */
  readonly stopped: readonly SeatRequest[];
  /** In order of tier and place. */
  readonly waiting: readonly SeatRequest[];
  /** Seats used afterwards. */
  readonly used: ReadonlyMap<TierName, number>;
}

/**
 * Gives seats. `used`: before, with revoked seats already taken off. `stops`: people who must not get the seat that is their turn;
 * they are passed over, and what they hold stays theirs. Throws when a request names a tier that has no seats declared.
 */
export function allocateSeats(
  requests: readonly SeatRequest[],
  seats: ReadonlyMap<TierName, number>,
  used: ReadonlyMap<TierName, number>,
  stops: (request: SeatRequest) => boolean,
): Allocation {
  const queues = new Map<TierName, { readonly people: SeatRequest[]; next: number }>();
  for (const tier of seats.keys()) queues.set(tier, { people: [], next: 0 });
  for (const request of requests) {
    const queue = queues.get(request.to);
    if (queue === undefined) throw new Error(`no paid tier "${request.to}" is declared`);
    queue.people.push(request);
  }
  for (const [tier, { people }] of queues) {
    if (people.length + (used.get(tier) ?? 0) > (seats.get(tier) ?? 0)) people.sort(compareRequests);
  }

  const after = new Map(used);
  const given: SeatRequest[] = [];
  const stopped: SeatRequest[] = [];
  const open = [...seats.keys()].reverse();
  for (let tier = open.pop(); tier !== undefined; tier = open.pop()) {
    const queue = queues.get(tier);
    const bought = seats.get(tier) ?? 0;
    while (queue !== undefined && (after.get(tier) ?? 0) < bought) {
      const request = queue.people[queue.next];
      if (request === undefined) break;
      queue.next += 1;
      if (stops(request)) {
        stopped.push(request);
        continue;
      }
      given.push(request);
      after.set(tier, (after.get(tier) ?? 0) + 1);
      if (request.from !== null) {
        after.set(request.from, (after.get(request.from) ?? 0) - 1);
        open.push(request.from);
      }
    }
  }

  const left = [...queues.values()].flatMap((queue) => queue.people.slice(queue.next));
  const swaps = closedSwaps(left);
  const swapped = new Set(swaps.flat());
  const waiting = swapped.size === 0 ? left : left.filter((request) => !swapped.has(request));
  return { given, swaps, stopped, waiting, used: after };
}
