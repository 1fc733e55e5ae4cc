/** The running agent's tenants: a worker for each, and what is told of their cycles. */
import type { Agent } from "./agent.ts";
import type { CycleStep } from "./cycle/settings.ts";
import { createSlowDown, type SlowDown, type SlowedDown } from "./cycle/slow-down.ts";
import { createWorker, type Work, type Worker } from "./cycle/worker.ts";
import { AgentError, toAgentError } from "./errors.ts";
import type { Logger } from "./log.ts";
import {
  announcedCycle,
  type CycleError,
  type CycleRecord,
  type CycleTrigger,
  type RequestedCycle,
} from "./model/cycle.ts";
import type { CycleEvent } from "./status/console.ts";

export interface Tenants {
  request(tenant: string, trigger: CycleTrigger, full: boolean): string;
  result(id: string): Promise<CycleRecord>;
  tick(full: boolean): void;
  step(step: CycleStep): void;
  /** Requested cycles that have not begun or not ended, by id. */
  underWay(): ReadonlyMap<string, RequestedCycle>;
  /** Whether a cycle of the tenant runs; absent: of any. */
  busy(tenant?: string): boolean;
  /**
   * How the tenant's latest cycles ended that the database does not tell of: latest first. Empty once one of it could be recorded. Absent:
   * of every tenant, also of one that was taken out of the configuration.
   */
  unrecorded(tenant?: string): readonly CycleRecord[];
  /** Why and for how many ticks the tenant's scheduled cycles are left out; null: they are not. */
  slowedDown(tenant: string): SlowedDown | null;
  /** Something was mended, perhaps. */
  reset(): void;
  stop(): Promise<void>;
}

/** As many unrecorded ends are kept of each tenant. */
const UNRECORDED = 20;

/** The files that an administrator edits. */
export interface EditedFiles {
  /** From now on the agent goes by what is good. */
  apply(): void;
  /** Resolves when no edit is under way: what was saved before a cycle counts in it. */
  settled(signal: AbortSignal): Promise<void>;
}

/** A worker for each tenant, made when the tenant first appears. */
export function createTenants(
  agent: Agent,
  log: Logger,
  emit: (event: CycleEvent) => void,
  files: EditedFiles,
): Tenants {
  const stopping = new AbortController();
  const telling = new Map<string, Promise<void>>();
  /** Beside the cycles: a mail server that is slow must not make them late. */
  const tell = (tenant: string, record: CycleRecord): void => {
    const before = telling.get(tenant) ?? Promise.resolve();
    const next = before
      .then(() => agent.tell(tenant, { record, pauses: true, signal: stopping.signal }))
      .catch((error: unknown) =>
        log.error("telling people failed: {message}", { message: toAgentError(error).message, tenant }),
      );
    telling.set(tenant, next);
  };
  const workers = new Map<string, { worker: Worker; slow: SlowDown }>();
  const requested = new Map<string, RequestedCycle>();
  const told = new Set<string>();
  const unrecorded = new Map<string, readonly CycleRecord[]>();
  /** By which a new credential is noticed. */
  const credentials = new Map<string, string>();

  const cycle = async (tenant: string, slow: SlowDown, work: Work): Promise<CycleRecord> => {
    try {
      await files.settled(work.signal);
      files.apply();
      const record = await agent.cycle(tenant, { ...work, pauses: true, suspicious: false });
      unrecorded.delete(tenant);
      slow.ended(record);
      emit({ type: "finished", cycle: record });
      tell(tenant, record);
      return record;
    } catch (error) {
      // Not in its record, so it is only here that anybody learns of it.
      const { code, message, hint } = toAgentError(error);
      log.error("the cycle could not be recorded: {message}", { tenant, code, message, hint });
      const record = unrecordedEnd(tenant, work, { code, message, hint });
      unrecorded.set(tenant, [record, ...(unrecorded.get(tenant) ?? [])].slice(0, UNRECORDED));
      emit({ type: "finished", cycle: record });
      throw error;
    } finally {
      requested.delete(work.id);
      told.delete(work.id);
    }
  };
  const unrecordedEnd = (tenant: string, { id, trigger, full }: Work, error: CycleError): CycleRecord => {
    const { since } = requested.get(id) ?? { since: Date.now() };
    const now = Date.now();
    const end = { finishedAt: new Date(now).toISOString(), durationMs: now - since, outcome: "failed", error } as const;
    return { ...announcedCycle(id, { tenant, trigger, since, full }), ...end };
  };
  const of = (tenant: string): { worker: Worker; slow: SlowDown } => {
    let found = workers.get(tenant);
    if (found === undefined) {
      const slow = createSlowDown();
      found = { slow, worker: createWorker((work) => cycle(tenant, slow, work)) };
      workers.set(tenant, found);
    }
    return found;
  };
  /** Since the last tick. */
  const renewed = (tenant: string): boolean => credentials.get(tenant) !== agent.credentialMark(tenant);
  const names = (): readonly string[] => agent.configuration.config.tenants.map(({ name }) => name);
  const tenants: Tenants = {
    request: (tenant, trigger, full) => {
      const { worker, slow } = of(tenant);
      if (trigger === "api") slow.reset();
      const since = Date.now();
      const id = worker.request({ trigger, full });
      // Who asks for a cycle that is to come already joins it.
      const first = requested.get(id) ?? { tenant, since, trigger, full };
      requested.set(id, { ...first, full: first.full || full });
      return id;
    },
    result: async (id) => {
      const tenant = requested.get(id)?.tenant;
      if (tenant === undefined) throw new AgentError("ERR_NOT_FOUND", `no cycle "${id}" is under way`);
      return await of(tenant).worker.result(id);
    },
    tick: (full) => {
      files.apply();
      for (const tenant of names()) {
        const { worker, slow } = of(tenant);
        if (renewed(tenant)) slow.reset();
        credentials.set(tenant, agent.credentialMark(tenant));
        // A cycle that is still running will have read what this tick would; a full one must not get lost.
        if (worker.running !== null && !full) continue;
        if (slow.due()) tenants.request(tenant, "schedule", full);
      }
    },
    step: ({ tenant, step, done, of: total }) => {
      const id = of(tenant).worker.running;
      if (id === null || step === "done") return;
      if (!told.has(id)) {
        const record = agent.views.cycle(id);
        if (record !== null) emit({ type: "started", cycle: record });
        told.add(id);
      }
      emit({ type: "step", cycle: id, tenant, step, done, total });
    },
    underWay: () => requested,
    unrecorded: (tenant) => (tenant === undefined ? [...unrecorded.values()].flat() : (unrecorded.get(tenant) ?? [])),
    busy: (tenant) =>
      [...workers].some(([name, { worker }]) => (tenant === undefined || name === tenant) && worker.running !== null),
    slowedDown: (tenant) => (renewed(tenant) ? null : of(tenant).slow.now), // the next tick will see to it
    reset: () => {
      for (const { slow } of workers.values()) slow.reset();
    },
    stop: async () => {
      await Promise.all([...workers.values()].map(({ worker }) => worker.stop()));
      stopping.abort();
      await Promise.all(telling.values());
    },
  };
  return tenants;
}
