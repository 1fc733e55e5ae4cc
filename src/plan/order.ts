/**
 * An order in which a plan can be carried out, one action after the other.
 *
 *   1. updates that move an account off its address     4. purges that are due
 *   2. releases                                         5. people who get a seat, each seat free before it is given
 *   3. revokes, each with its purge                     6. swaps, whole groups        7. everything else, and who begins to wait
 *
 * One person's actions stand together, but for an update that moves an account: others may need the address it leaves.
 */
import type { Action } from "../model/action.ts";
import type { SeatRequest } from "./seat-request.ts";
import type { Allocation } from "./seats.ts";

export interface OrderInput {
  /** What needs no seat, of each person. */
  readonly own: readonly (readonly Action[])[];
  /** People whose accounts move, in the order in which the addresses become free. */
  readonly moves: readonly number[];
  readonly seats: Allocation;
  readonly seatAction: (request: SeatRequest) => Action;
  /** By person: the action of who begins to wait. */
  readonly waits: ReadonlyMap<number, Action>;
}

export function inOrder({ own, moves, seats, seatAction, waits }: OrderInput): Action[] {
  const moving = new Set(moves);
  const first = moves.flatMap((person) => own[person] ?? []);
  const rest = (person: number): readonly Action[] => (moving.has(person) ? [] : (own[person] ?? []));

  const seated: Action[] = [];
  for (const request of seats.given) {
    for (const action of rest(request.person)) seated.push(action);
    seated.push(seatAction(request));
  }
  seats.swaps.forEach((ring, number) => {
    for (const request of ring) seated.push(...rest(request.person));
    for (const request of ring) seated.push({ ...seatAction(request), swap: number + 1 });
  });

  const done = new Uint8Array(own.length);
  for (const { person } of seats.given) done[person] = 1;
  for (const ring of seats.swaps) for (const { person } of ring) done[person] = 1;
  const releases: Action[] = [];
  const revokes: Action[] = [];
  const purges: Action[] = [];
  const others: Action[] = [];
  own.forEach((_, person) => {
    if (done[person] === 1) return;
    const actions = rest(person);
    if (actions.some((action) => action.kind === "revoke")) revokes.push(...actions);
    else if (actions[0]?.kind === "release") releases.push(...actions);
    else if (actions[0]?.kind === "purge") purges.push(...actions);
    else others.push(...actions);
    const wait = waits.get(person);
    if (wait !== undefined) others.push(wait);
  });
  return [...first, ...releases, ...revokes, ...purges, ...seated, ...others];
}
