/** Step 6: how a cycle ended, and what people have to be told of it. */
import { AgentError, toAgentError } from "../errors.ts";
import type { CycleRecord, Hold, RequestCounts } from "../model/cycle.ts";
import { kindCounts } from "../model/views.ts";
import { credentialNotices, cycleNotices, seatNotices } from "./notices.ts";
import type { CycleParts } from "./settings.ts";
import type { CycleResult, OpenCycle } from "./store-ports.ts";

export interface CycleEnd {
  readonly holds: readonly Hold[];
  readonly error: AgentError | null;
}

/** Records the end; what it says and what is told of it are one transaction. */
export function closeCycle(
  parts: CycleParts,
  cycle: OpenCycle,
  requests: RequestCounts,
  { holds, error }: CycleEnd,
): CycleRecord {
  const failure = error === null ? null : { code: error.code, message: error.message, hint: error.hint };
  const outcome = error !== null ? "failed" : holds.length > 0 ? "held" : "succeeded";
  const held = kindCounts(holds.flatMap((hold) => hold.actions));
  const record = finish(parts, cycle, { outcome, held, requests, error: failure });
  if (error !== null) logFailure(parts, error);
  const { id, kind, trigger, durationMs, actions, failures } = record;
  const summary = { cycle: id, kind, trigger, outcome, durationMs, actions, held };
  const all = requests.token + requests.graph + requests.target;
  parts.log.info("cycle {outcome}", {
    ...summary,
    requests: all,
    failures: failures.length,
    error: error?.code ?? null,
  });
  parts.progress({ tenant: parts.settings.name, step: "done", done: 1, of: 1 });
  return record;
}

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
export function failureOf(thrown: unknown, { aborted, reason }: AbortSignal): AgentError {
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

function logFailure(parts: CycleParts, { code, message, hint, facts, cause }: AgentError): void {
  const reason = cause instanceof Error ? cause.message : undefined;
  const what = { code, message, hint, ...facts, cause: reason };
  // Whoever stops an agent in the middle of a cycle has done nothing wrong.
  if (code === "ERR_STOPPED") parts.log.info("cycle ended early: {message}", what);
  else parts.log.error("cycle failed: {message}", what);
}

/** Counts the requests made from now on. */
export function countRequests({ source, target }: CycleParts): () => RequestCounts {
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
