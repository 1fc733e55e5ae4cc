/** A `Console` of plain data, for the tests of this room: what it answers is what it was given. */
import { AgentError } from "../../src/errors.ts";
import { emptyCounts } from "../../src/model/action.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { PersonState } from "../../src/model/person.ts";
import { tierUsage } from "../../src/model/tier.ts";
import type { HoldView, PersonExplanation, StatusView, TenantStatus } from "../../src/model/views.ts";
import { createStatusApp, type StatusAppOptions } from "../../src/status/app.ts";
import type { Console, CycleEvent } from "../../src/status/console.ts";
import { silentLogger } from "../support/silent-logger.ts";

export const TOKEN = "the-token-of-this-test";
export const NOW = Date.parse("2026-11-23T22:31:00.000Z");
export const ADA = "0a000000-0000-4000-8000-000000000001";

const zeroUsers: Record<PersonState, number> = {
  licensed: 0,
  waiting: 0,
  unlicensed: 0,
  unmanaged: 0,
  pending: 0,
  conflict: 0,
  skipped: 0,
  error: 0,
};

export function cycle(over: Partial<CycleRecord> = {}): CycleRecord {
  return {
    id: "c-1",
    tenant: "contoso",
    kind: "incremental",
    trigger: "schedule",
    startedAt: "2026-11-23T22:30:05.000Z",
    finishedAt: "2026-11-23T22:30:05.212Z",
    durationMs: 212,
    outcome: "succeeded",
    requests: { token: 0, graph: 2, target: 0 },
    actions: { ...emptyCounts(), create: 1, assign: 1 },
    held: {},
    failures: [],
    error: null,
    ...over,
  };
}

export function person(over: Partial<PersonExplanation> = {}): PersonExplanation {
  const rule = { name: "pro", file: "rules/secure-exchanges.yaml", line: 6 };
  return {
    id: ADA,
    tenant: "contoso",
    address: "ada@contoso.example",
    displayName: "Ada Lovelace",
    state: "waiting",
    reason: "no free seat of Pro; keeps Eco",
    tier: "Eco",
    wanted: "Pro",
    rule,
    groups: ["Pro"],
    since: "2026-11-20T08:00:00.000Z",
    purgeAt: null,
    position: 1,
    targetId: "17",
    zombie: false,
    rules: [{ rule, tier: "Pro", priority: 30, outcome: "won", why: "is in group Pro", paths: [["Pro"]] }],
    decisions: [{ at: "2026-11-20T08:00:00.000Z", type: "waiting", tier: "Pro", cycle: "c-0" }],
    seat: tierUsage("Pro", 10, 10, 1),
    ...over,
  };
}

export function hold(over: Partial<HoldView> = {}): HoldView {
  return {
    id: "h-7",
    tenant: "contoso",
    kinds: { revoke: 1 },
    since: "2026-11-23T22:30:05.000Z",
    expiresAt: "2026-11-24T22:30:05.000Z",
    actions: [
      { kind: "revoke", user: ADA, address: "ada@contoso.example", from: "Eco", to: null, reason: "rule remove" },
    ],
    ...over,
  };
}

export function tenant(over: Partial<TenantStatus> = {}): TenantStatus {
  return {
    name: "contoso",
    credential: { kind: "certificate", thumbprint: "AB12", expiresAt: "2027-10-31T00:00:00.000Z", daysLeft: 342 },
    tiers: [tierUsage("Eco", 50, 12, 0), tierUsage("Advanced", 20, 22, 0), tierUsage("Pro", 10, 10, 1)],
    users: { ...zeroUsers, licensed: 43, waiting: 1 },
    lastCycle: cycle(),
    nextRun: "2026-11-23T22:35:00.000Z",
    slowedDown: null,
    holds: [],
    zombies: [],
    zombieSeats: 0,
    ...over,
  };
}

export function status(over: Partial<StatusView> = {}): StatusView {
  return {
    version: "1.0.0",
    state: "idle",
    startedAt: "2026-11-23T20:00:00.000Z",
    schedule: { cron: "*/5 * * * *", nextRun: "2026-11-23T22:35:00.000Z" },
    rules: { files: 1, rules: 4, loadedAt: "2026-11-23T20:00:00.000Z", errors: [] },
    tenants: [tenant()],
    warnings: [],
    ...over,
  };
}

/** What a test may give; the calls that change something are recorded in `calls`. */
export interface PlainData {
  readonly status?: StatusView;
  readonly people?: readonly PersonExplanation[];
  readonly holds?: readonly HoldView[];
  readonly cycles?: readonly CycleRecord[];
  readonly ready?: boolean;
}

export function plainConsole(data: PlainData = {}) {
  const calls: unknown[] = [];
  const people = data.people ?? [person()];
  const cycles = data.cycles ?? [cycle()];
  const find = <T>(item: T | undefined, what: string): T => {
    if (item === undefined) throw new AgentError("ERR_NOT_FOUND", `no ${what} by that name`);
    return item;
  };
  const byName = (name: string) =>
    find(
      people.find(({ id, address }) => id === name || address === name),
      "person",
    );
  const byId = (id: string) =>
    find(
      (data.holds ?? []).find((item) => item.id === id),
      "hold",
    );
  const known = (name: string | undefined): void => {
    if (name === "nope") throw new AgentError("ERR_NOT_FOUND", `no tenant is called "${name}"`);
  };
  const agent: Console = {
    status: (tenant) => {
      known(tenant);
      return data.status ?? status();
    },
    readiness() {
      const ready = data.ready ?? true;
      const reason = ready ? "" : "contoso: the last cycle failed";
      return { ready, reason, tenants: [{ name: "contoso", ready, reason }] };
    },
    users(query) {
      known(query.tenant);
      calls.push(["users", query]);
      const found = people.filter(({ state }) => query.state === undefined || state === query.state);
      const items = found.slice(0, query.limit).map(({ rules: _, decisions: __, seat: ___, ...view }) => view);
      return { items, next: found.length > query.limit ? "after=this & that" : null };
    },
    user: byName,
    events(name, page) {
      calls.push(["events", name, page]);
      return { items: byName(name).decisions, next: null };
    },
    cycles: ({ limit, tenant }) => {
      known(tenant);
      return { items: cycles.slice(0, limit), next: cycles.length > limit ? "more" : null };
    },
    cycle: (id) =>
      find(
        cycles.find((item) => item.id === id),
        "cycle",
      ),
    holds: () => data.holds ?? [],
    approve(id, only) {
      calls.push(["approve", id, only]);
      return byId(id);
    },
    reject(id) {
      calls.push(["reject", id]);
      return byId(id);
    },
    async sync(request) {
      calls.push(["sync", request]);
      known(request.tenant);
      return [
        { id: "c-2", tenant: "contoso" },
        { id: "c-3", tenant: "fabrikam" },
      ];
    },
  };
  return { agent, calls };
}

/** An app over plain data, with the means to play cycle events to it and to shut it down. */
export function plainApp(data: PlainData = {}, over: Partial<StatusAppOptions> = {}) {
  const { agent, calls } = plainConsole(data);
  const listeners = new Set<(event: CycleEvent) => void>();
  const shutdown = new AbortController();
  const app = createStatusApp({
    console: agent,
    token: () => `${TOKEN}\n`,
    protectReads: false,
    signal: shutdown.signal,
    progress(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: "1.0.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    log: silentLogger,
    now: () => NOW,
    ...over,
  });
  const emit = (event: CycleEvent) => {
    for (const listener of listeners) listener(event);
  };
  return { app, calls, emit, listeners, shutdown };
}

/** A POST with the token and, when a body is given, as JSON. */
export function post(body?: unknown, headers: Record<string, string> = {}): RequestInit {
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  return {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}`, ...type, ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
}
