/** One tenant's cycles, one at a time: a request while one runs is the next one, and all requests until then are that same one. */
import { AgentError } from "../errors.ts";
import { CYCLE_DEADLINE, type CycleRecord, type CycleTrigger } from "../model/cycle.ts";

export interface WorkRequest {
  readonly trigger: CycleTrigger;
  readonly full: boolean;
}

export interface Work extends WorkRequest {
  readonly id: string;
  readonly signal: AbortSignal;
  /** When the signal will abort by itself; epoch ms. */
  readonly deadline: number;
}

export interface Worker {
  /** The id of the cycle that carries the request out: one that begins now, or the next one. */
  request(request: WorkRequest): string;
  /** The record of a cycle that was requested here, when it has ended. Rejects when the worker was stopped before it began. */
  result(id: string): Promise<CycleRecord>;
  readonly running: string | null;
  /** Cuts the running cycle short, forgets the next one, and resolves when nothing runs any more. */
  stop(): Promise<void>;
}

interface Waiter {
  readonly promise: Promise<CycleRecord>;
  readonly resolve: (record: CycleRecord) => void;
  readonly reject: (error: unknown) => void;
}

/** `run` never rejects for what a cycle meets: that is in its record. What it throws rejects `result`. */
export function createWorker(run: (work: Work) => Promise<CycleRecord>, deadline: number = CYCLE_DEADLINE): Worker {
  const stopping = new AbortController();
  const waiters = new Map<string, Waiter>();
  let running: string | null = null;
  let next: (WorkRequest & { id: string }) | null = null;
  let ended: Promise<void> = Promise.resolve();

  const announce = (): string => {
    const id = crypto.randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<CycleRecord>();
    // Whoever asked may not be interested in the result; the record tells all the same.
    promise.catch(() => undefined).finally(() => waiters.delete(id));
    waiters.set(id, { promise, resolve, reject });
    return id;
  };

  const start = (work: WorkRequest & { id: string }): void => {
    running = work.id;
    const late = new AbortController();
    const timer = setTimeout(
      () =>
        late.abort(
          new AgentError("ERR_DEADLINE", `the cycle took longer than ${Math.round(deadline / 1000)} s`, {
            retryable: true,
          }),
        ),
      deadline,
    );
    const waiter = waiters.get(work.id);
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      running = null;
      const following = next;
      next = null;
      if (following !== null && !stopping.signal.aborted) start(following);
      settle();
    };
    ended = run({
      ...work,
      signal: AbortSignal.any([stopping.signal, late.signal]),
      deadline: Date.now() + deadline,
    }).then(
      (record) => done(() => waiter?.resolve(record)),
      (error) => done(() => waiter?.reject(error)),
    );
  };

  return {
    request: ({ trigger, full }) => {
      if (stopping.signal.aborted) throw new AgentError("ERR_STOPPED", "the agent is stopping: no cycle is begun");
      if (running === null) {
        const id = announce();
        start({ id, trigger, full });
        return id;
      }
      if (next === null) next = { id: announce(), trigger, full };
      else next = { ...next, full: next.full || full };
      return next.id;
    },
    result: (id) =>
      waiters.get(id)?.promise ??
      Promise.reject(new AgentError("ERR_NOT_FOUND", `no cycle "${id}" is running or to come`)),
    get running() {
      return running;
    },
    stop: async () => {
      const reason = new AgentError("ERR_STOPPED", "the agent was asked to stop", { retryable: true });
      stopping.abort(reason);
      if (next !== null) waiters.get(next.id)?.reject(reason);
      next = null;
      while (running !== null) await ended;
    },
  };
}
