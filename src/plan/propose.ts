/** The plan: what each person needs (`change.ts`), who gets which seat (`seats.ts`), and in which order it is done (`order.ts`). */
import type { Action } from "../model/action.ts";
import type { Candidate, Decision } from "../model/person.ts";
import { type TierName, tierUsage } from "../model/tier.ts";
import { settleAddresses } from "./addresses.ts";
import { act, changeOf, decide } from "./change.ts";
import { type PlanContext, planContext } from "./context.ts";
import { inOrder } from "./order.ts";
import { noSeat } from "./reasons.ts";
import type { SeatRequest } from "./seat-request.ts";
import { allocateSeats } from "./seats.ts";
import type { Plan, PlanInput } from "./types.ts";

/** Whether somebody must not get the change of tier that is their turn. `own`: what else the plan has for that person. */
export type Stop = (change: Action, own: readonly Action[]) => boolean;

export interface Draft {
  /** Complete only when nobody was stopped: those who were are shown as if they had their seat. */
  readonly plan: Plan;
  /** All actions of those who were stopped, person by person. */
  readonly stopped: readonly Action[];
}

/**
 * The plan for these people, the same whatever their order, when those whom `stop` names are passed over at their turn: they get no seat
 * and free none. Throws only when a verdict names a tier that is not declared.
 */
export function draftPlan(input: PlanInput, stop: Stop): Draft {
  const context = planContext(input);
  const people = [...input.people].sort((left, right) => left.key - right.key);
  const addresses = settleAddresses(people, input.unbound, context);
  const own: (readonly Action[])[] = [];
  const decisions = new Map<number, Decision>();
  const requests: SeatRequest[] = [];
  people.forEach((candidate, index) => {
    const { actions, decision, request } = changeOf(candidate, addresses.standings[index], context, index);
    own.push(actions);
    decisions.set(candidate.key, decision);
    if (request !== null) requests.push(request);
  });
  const seatAction = (request: SeatRequest) => actionFor(request, people, decisions);
  const seats = allocateSeats(requests, context.seats, usedAfterRevokes(input, own), (request) =>
    request.from === null ? false : stop(seatAction(request), own[request.person] ?? []),
  );

  const waits = new Map<number, Action>();
  const waiting = new Map<TierName, number>();
  for (const request of seats.waiting) {
    const candidate = people[request.person];
    if (candidate === undefined) continue;
    const decision = waitingDecision(request, candidate, context);
    decisions.set(candidate.key, decision);
    waiting.set(request.to, (waiting.get(request.to) ?? 0) + 1);
    if (candidate.previous?.queue?.tier !== request.to) {
      waits.set(request.person, act("wait", candidate, request.from, request.to, decision.reason));
    }
  }
  return {
    plan: {
      actions: inOrder({ own, moves: addresses.moves, seats, seatAction, waits }),
      decisions,
      tiers: [...context.seats].map(([name, bought]) =>
        tierUsage(name, bought, seats.used.get(name) ?? 0, waiting.get(name) ?? 0),
      ),
    },
    stopped: seats.stopped.flatMap((request) => [...(own[request.person] ?? []), seatAction(request)]),
  };
}

function usedAfterRevokes(input: PlanInput, own: readonly (readonly Action[])[]): Map<TierName, number> {
  const used = new Map(input.used);
  for (const actions of own) {
    for (const { kind, from } of actions) {
      if (kind === "revoke" && from !== null) used.set(from, (used.get(from) ?? 0) - 1);
    }
  }
  return used;
}

function actionFor(
  { person, from, to }: SeatRequest,
  people: readonly Candidate[],
  decisions: ReadonlyMap<number, Decision>,
): Action {
  const candidate = people[person];
  const decision = candidate === undefined ? undefined : decisions.get(candidate.key);
  if (candidate === undefined || decision === undefined) throw new Error("a seat for somebody who is not in the plan");
  return act(from === null ? "assign" : "change", candidate, from, to, decision.reason);
}

function waitingDecision({ from, to, since }: SeatRequest, candidate: Candidate, context: PlanContext): Decision {
  return decide(candidate, context, "waiting", noSeat(to, from), { queue: { tier: to, since } });
}
