/**
 * One synchronisation of one tenant.
 *
 *   1. read      what changed in the directory; all of it or nothing
 *   2. evaluate  the rules for everybody whose inputs changed or whose state is still open
 *   3. plan      who is created, gets a seat, waits, loses a licence: proposed, not done
 *   4. guard     what is too much at once is held for a person to approve, and the rest planned again without it; whoever is to get an
 *                account is looked for in the licence system, and where one is there, all is planned again with it
 *   5. apply     the actions, each with its record, so that a killed agent goes on where it was
 *   6. record    the outcome, and what people have to be told
 *
 * Whatever fails before step 5 leaves everything as it was.
 */
import type { CycleRecord } from "../model/cycle.ts";
import type { ObjectId } from "../model/directory.ts";
import { applyPlan } from "./apply-plan.ts";
import { closeCycle, countRequests, failureOf } from "./close-cycle.ts";
import { findsAccounts } from "./newcomers.ts";
import { evaluatePeople } from "./open-people.ts";
import { type PreparedPlan, planGuarded } from "./prepare-plan.ts";
import { readBothSides } from "./read-both-sides.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

/** Runs a cycle to its recorded end. Failures are in the record, never thrown, except when the record itself cannot be written. */
export async function runCycle(parts: CycleParts, request: CycleRequest): Promise<CycleRecord> {
  const { journal } = parts.store;
  const requests = countRequests(parts);
  const cycle = journal.begin({
    trigger: request.trigger,
    kind: journal.initial() ? "initial" : request.full ? "full" : "incremental",
    only: request.only,
    ...(request.id === undefined ? {} : { id: request.id }),
  });
  try {
    const prepared = await preparePlan(parts, request); // steps 1 to 4
    cycle.setKind(prepared.kind, prepared.leftOut);
    const holds = await applyPlan(parts, request, cycle, prepared); // step 5
    return closeCycle(parts, cycle, requests(), { holds, error: null }); // step 6
  } catch (thrown) {
    return closeCycle(parts, cycle, requests(), { holds: [], error: failureOf(thrown, request.signal) });
  }
}

/** What the next cycle would do. Changes nothing but the agent's own mirror. */
export async function preparePlan(parts: CycleParts, request: CycleRequest): Promise<PreparedPlan> {
  const sides = await readBothSides(parts, request); // step 1
  let open = await evaluatePeople(parts, request, sides); // step 2
  let prepared = planGuarded(parts, request, sides, open); // steps 3 and 4
  const looked = new Set<ObjectId>();
  // What is found is planned with like everything else: the guard sees a licence that is taken over, or a seat that is taken.
  while (await findsAccounts(parts, request, prepared, looked)) {
    open = await evaluatePeople(parts, request, sides, open);
    prepared = planGuarded(parts, request, sides, open);
  }
  return prepared;
}
