/** Prometheus metrics: gauges read from the status at each scrape, counters fed by finished cycles since the agent started. */
import { Counter, Gauge, Registry } from "prom-client";
import type { CycleOutcome, CycleRecord } from "../model/cycle.ts";
import type { StatusView } from "../model/views.ts";
import type { Console, SubscribeToCycles } from "./console.ts";

export interface Metrics {
  readonly contentType: string;
  /** The text of one scrape. */
  scrape(): Promise<string>;
}

const OUTCOMES: readonly CycleOutcome[] = ["succeeded", "held", "failed"];

export function createMetrics(agent: Console, progress: SubscribeToCycles, version: string): Metrics {
  const registry = new Registry();
  const counters = cycleCounters(registry);
  progress((event) => {
    if (event.type === "finished") counters(event.cycle);
  });
  const gauges = statusGauges(registry);
  const gauge = gaugeFactory(registry);
  gauge("tiersync_up", "1 while the agent answers", ["version"]).set({ version }, 1);
  const ready = gauge("tiersync_ready", "1 when the tenant's last cycle ended well or held within 3 periods", [
    "tenant",
  ]);
  return {
    contentType: registry.contentType,
    async scrape() {
      gauges(agent.status());
      ready.reset();
      for (const tenant of agent.readiness().tenants) ready.set({ tenant: tenant.name }, tenant.ready ? 1 : 0);
      return registry.metrics();
    },
  };
}

function gaugeFactory(registry: Registry) {
  return <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
}

/** Sets every gauge from one status. Each is emptied first, so that a tenant that is gone does not linger. */
function statusGauges(registry: Registry): (status: StatusView) => void {
  const gauge = gaugeFactory(registry);
  const tier = ["tenant", "tier"] as const;
  const seats = {
    seats: gauge("tiersync_seats_bought", "Seats bought", tier),
    used: gauge("tiersync_seats_used", "Seats held at the target, by unmanaged people too", tier),
    free: gauge("tiersync_seats_free", "Seats bought and not used", tier),
    overdraft: gauge("tiersync_seats_overdraft", "Seats used beyond those bought", tier),
    waiting: gauge("tiersync_seats_waiting", "People waiting for a seat", tier),
  };
  const users = gauge("tiersync_users", "People by state", ["tenant", "state"]);
  const holds = gauge("tiersync_holds", "Holds that wait for approval", ["tenant"]);
  const heldActions = gauge("tiersync_held_actions", "Actions in holds", ["tenant", "kind"]);
  const zombies = gauge("tiersync_zombie_seats", "Seats of people who are gone", ["tenant"]);
  const daysLeft = gauge("tiersync_credential_days_left", "Days until the credential expires", ["tenant"]);
  const lastTime = gauge("tiersync_last_cycle_timestamp_seconds", "When the last cycle started", ["tenant"]);
  const lastDuration = gauge("tiersync_last_cycle_duration_seconds", "How long the last finished cycle took", [
    "tenant",
  ]);
  const lastOutcome = gauge("tiersync_last_cycle_outcome", "1 for the last cycle's outcome", ["tenant", "outcome"]);
  const lastRefused = gauge("tiersync_last_cycle_failures", "People refused in the last cycle", ["tenant"]);
  const rulesErrors = gauge("tiersync_rules_errors", "Errors in configuration and rules", []);
  const started = gauge("tiersync_start_time_seconds", "When the agent started", []);
  const perTenant = [
    ...Object.values(seats),
    users,
    holds,
    heldActions,
    zombies,
    daysLeft,
    lastTime,
    lastDuration,
    lastOutcome,
    lastRefused,
  ];

  return (status) => {
    for (const each of perTenant) each.reset();
    started.set(Date.parse(status.startedAt) / 1000);
    rulesErrors.set(status.rules.errors.filter(({ level }) => level === "error").length);
    for (const tenant of status.tenants) {
      const of = { tenant: tenant.name };
      for (const usage of tenant.tiers) {
        const labels = { ...of, tier: usage.name };
        seats.seats.set(labels, usage.seats);
        seats.used.set(labels, usage.used);
        seats.free.set(labels, usage.free);
        seats.overdraft.set(labels, usage.overdraft);
        seats.waiting.set(labels, usage.waiting);
      }
      for (const [state, n] of Object.entries(tenant.users)) users.set({ ...of, state }, n);
      holds.set(of, tenant.holds.length);
      for (const hold of tenant.holds) {
        for (const [kind, n] of Object.entries(hold.kinds)) heldActions.inc({ ...of, kind }, n);
      }
      zombies.set(of, tenant.zombieSeats);
      const days = tenant.credential?.daysLeft ?? null;
      if (days !== null) daysLeft.set(of, days);
      const last = tenant.lastCycle;
      if (last === null) continue;
      lastTime.set(of, Date.parse(last.startedAt) / 1000);
      if (last.durationMs !== null) lastDuration.set(of, last.durationMs / 1000);
      for (const outcome of OUTCOMES) lastOutcome.set({ ...of, outcome }, last.outcome === outcome ? 1 : 0);
      lastRefused.set(of, last.failures.length);
    }
  };
}

function cycleCounters(registry: Registry): (cycle: CycleRecord) => void {
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const cycles = counter("tiersync_cycles_total", "Cycles finished", ["tenant", "outcome"]);
  const actions = counter("tiersync_actions_total", "Actions applied", ["tenant", "kind"]);
  const requests = counter("tiersync_requests_total", "HTTP requests made, by the side asked", ["tenant", "to"]);
  return ({ tenant, outcome, actions: applied, requests: made }) => {
    if (outcome !== null) cycles.inc({ tenant, outcome });
    for (const [kind, n] of Object.entries(applied)) actions.inc({ tenant, kind }, n);
    for (const [to, n] of Object.entries(made)) requests.inc({ tenant, to }, n);
  };
}
