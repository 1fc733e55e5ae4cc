/** Step 5 of a cycle: holds are recorded, actions carried out with their records, and everybody's state written. */
import { setImmediate as immediate } from "node:timers/promises";
import { AgentError, toAgentError } from "../errors.ts";
import { pairKey } from "../model/action.ts";
import type { Hold } from "../model/cycle.ts";
import { batches, segments } from "./batches.ts";
import { decisionNotices, holdNotices, releaseNotices, settledNotices } from "./notices.ts";
import { holdsOf } from "./one-person.ts";
import type { ApplyItem, ApplyResult } from "./ports.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import { createSettlement } from "./settlement.ts";
import type { OpenCycle } from "./store-ports.ts";

/**
 * Returns the holds that are open after it, of those whom the cycle is about. Throws when the target is down or the time is up; what was
 * done is recorded.
 */
export async function applyPlan(
  parts: CycleParts,
  request: CycleRequest,
  cycle: OpenCycle,
  prepared: PreparedPlan,
): Promise<readonly Hold[]> {
  const { store, settings } = parts;
  const { plan, holds: proposals } = prepared.guarded;
  const people = createSettlement(prepared, request, parts);
  const holds = store.transaction(() => {
    const { open, formed } = store.holds.reconcile(proposals, prepared.now);
    people.name(open);
    const decided = people.withoutActions();
    const managed = (): number => store.people.managed();
    store.outbox.add(
      [
        ...holdNotices(formed),
        ...decisionNotices(decided, prepared.people),
        ...releaseNotices(cycle.id, plan.actions, managed),
      ],
      prepared.now,
    );
    store.people.decide(decided);
    return open;
  });

  const approved = new Set(store.holds.approved(prepared.now).map(pairKey));
  const settle = (results: readonly ApplyResult[]): void => {
    const settled = results.map((result) => people.settle(result, approved));
    store.transaction(() => {
      cycle.record(settled);
      store.outbox.add(settledNotices(settled, prepared), prepared.now);
    });
  };
  let done = 0;
  parts.progress({ tenant: settings.name, step: "apply", done, of: plan.actions.length });
  const { transactional } = parts.target;
  for (const batch of transactional ? batches(plan.actions) : segments(plan.actions)) {
    request.signal.throwIfAborted();
    const items: ApplyItem[] = [];
    for (const [index, action] of batch.entries()) {
      if (people.possible(action)) items.push(people.item(action, done + index));
    }
    if (!transactional) {
      const actions = items.map(({ action }) => action);
      store.journal.intend(actions, cycle.id);
    }
    try {
      await parts.target.apply(items, settle, request.signal);
    } catch (thrown) {
      store.people.decide(people.leftOver(toAgentError(thrown)));
      throw thrown;
    }
    done += batch.length;
    parts.progress({ tenant: settings.name, step: "apply", done, of: plan.actions.length });
    // The ledger waits for nothing by itself: a stop, the deadline and whoever asks for the status get their turn here.
    await immediate();
  }
  store.people.decide(people.leftOver(new AgentError("ERR_TARGET_REFUSED", "the seat that was to be freed was not")));
  if (request.only === undefined) store.people.settled({ fingerprint: prepared.fingerprint, at: prepared.now });
  else store.people.settledOnly([...prepared.people.keys()]);
  if (plan.actions.some(({ kind }) => kind === "purge")) store.scrub();
  return request.only === undefined ? holds : holdsOf(holds, request.only);
}
