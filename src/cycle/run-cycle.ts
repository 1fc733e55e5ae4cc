/**
 * One synchronisation of one tenant.
 *
 *   1. read      what changed in the directory; all of it or nothing
 *   2. evaluate  the rules for everybody whose inputs changed or whose state is still open
 *   3. plan      who is created, gets a seat, waits, loses a licence: proposed, not done
 *   4. guard     what is too much at once is held for a person to approve, and the rest planned again without it
 *   5. apply     the actions, each with its record, so that a killed agent goes on where it was
 *   6. record    the outcome, and what people have to be told
 *
 * Whatever fails before step 5 leaves everything as it was.
 */
import { AgentError, toAgentError } from "../errors.ts";
import type { CycleRecord, RequestCounts } from "../model/cycle.ts";
import { kindCounts } from "../model/views.ts";
import { applyPlan } from "./apply-plan.ts";
import { credentialNotices, cycleNotices, seatNotices } from "./notices.ts";
import { preparePlan } from "./prepare-plan.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import type { CycleResult, OpenCycle } from "./store-ports.ts";

/** Runs a cycle to its recorded end. Failures are in the record, never thrown, except when the record itself cannot be written. */
export async function runCycle(parts: CycleParts, request: CycleRequest): Promise<CycleRecord> {
  const { store, log } = parts;
  const requests = countRequests(parts);
  const cycle = store.journal.begin({
    trigger: request.trigger,
    kind: store.journal.initial() ? "initial" : "incremental",
    only: request.only,
    ...(request.id === undefined ? {} : { id: request.id }),
  });
  let record: CycleRecord;
  try {
    const prepared = await preparePlan(parts, request); // steps 1 to 4
    cycle.setKind(prepared.kind);
    const holds = await applyPlan(parts, request, cycle, prepared); // step 5
    const held = kindCounts(holds.flatMap((hold) => hold.actions));
    const outcome = holds.length > 0 ? "held" : "succeeded";
    record = finish(parts, cycle, { outcome, held, requests: requests(), error: null });
  } catch (thrown) {
    const { code, message, hint } = logged(parts, failureOf(thrown, request.signal));
    record = finish(parts, cycle, {
      outcome: "failed",
      held: {},
      requests: requests(),
      error: { code, message, hint },
    });
  }
  const { id, kind, trigger, outcome, durationMs, actions, held, failures, error } = record;
  const { token, graph, target } = record.requests;
  const summary = { cycle: id, kind, trigger, outcome, durationMs, requests: token + graph + target, actions, held };
  log.info("cycle {outcome}", { ...summary, failures: failures.length, error: error?.code ?? null });
  parts.progress({ tenant: parts.settings.name, step: "done", done: 1, of: 1 });
  return record;
}

/** Step 6: the outcome and what people have to be told of it are one. */
function finish(
  { store, settings, credential, clock }: CycleParts,
  cycle: OpenCycle,
  result: CycleResult,
): CycleRecord {
  return store.transaction(() => {
    const now = clock.now();
    const before = store.journal.failing();
    const record = cycle.finish(result);
    const ongoing = (topic: string, holds: boolean): number | null => store.outbox.ongoing(topic, holds, now);
    store.outbox.add(
      [
        ...cycleNotices(record, before),
        ...seatNotices(settings.tiers, store.accounts.usage(), ongoing),
        ...credentialNotices(credential()),
      ],
      now,
    );
    return record;
  });
}

/** Whoever stops because of the signal throws its reason as it is, and a platform's signal bears a reason of its own. */
function failureOf(thrown: unknown, { aborted, reason }: AbortSignal): AgentError {
  // Answers from outside are checked where they arrive: JSON that cannot be read here is what the agent itself has stored.
  if (thrown instanceof SyntaxError) {
    return new AgentError("ERR_STORE", "what the database has stored about this tenant is damaged", {
      hint: "stop the agent, move data/tiersync.db away and put a backup (`tiersync backup`) in its place",
    });
  }
  if (thrown instanceof AgentError || !aborted || thrown !== reason) return toAgentError(thrown);
  const late = reason instanceof Error && reason.name === "TimeoutError";
  return late
    ? new AgentError("ERR_DEADLINE", "the cycle's time was over", { retryable: true })
    : new AgentError("ERR_STOPPED", "the agent was asked to stop", { retryable: true });
}

function logged(parts: CycleParts, error: AgentError): AgentError {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  parts.log.error("cycle failed: {message}", {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...error.facts,
    cause,
  });
  return error;
}

/** Requests made from now on. */
function countRequests({ source, target }: CycleParts): () => RequestCounts {
  const before = { ...source.requests(), target: target.requests() };
  return () => {
    const now = source.requests();
    return {
      token: now.token - before.token,
      graph: now.graph - before.graph,
      target: target.requests() - before.target,
    };
  };
}
