/** What the running agent answers to the status API. */
import type { Agent } from "./agent.ts";
import type { GoodSet } from "./config/keeper.ts";
import { CONFIG_FILE } from "./config/paths.ts";
import type { TenantConfig } from "./config/types.ts";
import type { Schedule } from "./cycle/schedule.ts";
import { AgentError } from "./errors.ts";
import { explanationOf } from "./explanation.ts";
import { announcedCycle, type CycleRecord, type RequestedCycle, WHERE_HOLDS_ARE } from "./model/cycle.ts";
import { type Finding, formatFinding } from "./model/finding.ts";
import { tierUsage } from "./model/tier.ts";
import {
  holdView,
  type PersonExplanation,
  type PersonView,
  type StatusView,
  type TenantStatus,
} from "./model/views.ts";
import type { Console, StartedCycle } from "./status/console.ts";
import { warningsOf } from "./warnings.ts";

/** What only the running agent knows. */
export interface RunningState {
  readonly version: string;
  readonly startedAt: number;
  good(): GoodSet;
  /** The one tenant that the agent works on, of several perhaps; null: all. Of the others nothing is shown. */
  readonly only: string | null;
  readonly findings: () => readonly Finding[];
  readonly loadedAt: () => number;
  readonly schedule: Pick<Schedule, "nextRun" | "freshSince">;
  readonly slowedDown: (tenant: string) => TenantStatus["slowedDown"];
  /** Requested cycles that have not begun or not ended, by id. */
  readonly underWay: () => ReadonlyMap<string, RequestedCycle>;
  /** Resolves when no edit of the files is under way that `good` does not show yet. */
  readonly settled: () => Promise<void>;
  /** Keys of tiersync.yaml that were edited and count after a restart. */
  readonly awaitingRestart: () => readonly string[];
  /** The latest cycles whose end could not be recorded; none once one of the tenant's was. Absent: of every tenant, configured or not. */
  readonly unrecorded: (tenant?: string) => readonly CycleRecord[];
  /** Of this tenant; absent: of any. */
  readonly syncing: (tenant?: string) => boolean;
  readonly request: (tenant: string, full: boolean) => string;
}

/** Seats of people who are gone that `/status` lists; `export` has all. */
const ZOMBIES = 100;
/** A tenant's last cycle may be this many periods old before the agent counts as not ready. */
const PERIODS = 3;

export function createConsole(agent: Agent, state: RunningState): Console {
  const { views } = agent;
  const names = (): readonly string[] => state.good().config.tenants.map(({ name }) => name);
  const only = state.only ?? undefined;
  const known = (tenant: string): string => {
    const found = names().find((name) => name.toLowerCase() === tenant.toLowerCase());
    if (found !== undefined) return found;
    const why = only === undefined ? "" : ` here: this agent works on ${only} alone`;
    throw new AgentError("ERR_NOT_FOUND", `there is no tenant "${tenant}"${why}`, {
      hint: `there are: ${names().join(", ")}`,
    });
  };
  /** Adds to a query which tenant it is about. */
  const chosen = (tenant: string | undefined): { readonly tenant?: string } => {
    const name = tenant === undefined ? only : known(tenant);
    return name === undefined ? {} : { tenant: name };
  };
  const person = (idOrAddress: string): PersonView => onePerson(views.find(idOrAddress, only), idOrAddress);

  /** False: an edit has just brought this tenant in, and the next cycle takes it over. */
  const takenOver = (name: string): boolean =>
    agent.configuration.config.tenants.some((tenant) => tenant.name === name);

  const tenantStatus = (tenant: TenantConfig): TenantStatus => {
    const { name, tiers } = tenant;
    const store = takenOver(name) ? agent.store(name) : null;
    const used = store?.accounts.usage();
    const waiting = store?.people.waiting();
    const zombies = views.zombies(name, ZOMBIES);
    const slowedDown = takenOver(name) ? state.slowedDown(name) : null;
    return {
      name,
      credential: agent.credential(tenant),
      tiers: tiers.flatMap((tier) =>
        tier.kind === "paid"
          ? [tierUsage(tier.name, tier.seats, used?.get(tier.name) ?? 0, waiting?.get(tier.name) ?? 0)]
          : [],
      ),
      users: views.counts(name),
      lastCycle: lastCycle(agent, state, name),
      nextRun: state.schedule.nextRun(slowedDown?.leftOut ?? 0),
      slowedDown,
      holds: views.holds(name).map((hold) => {
        const { id, kinds, since, expiresAt } = holdView(hold);
        return { id, kinds, since, expiresAt };
      }),
      zombies: zombies.seats,
      zombieSeats: zombies.all,
    };
  };

  const status = (asked?: string): StatusView => {
    const { config, rules } = state.good();
    const { tenant } = chosen(asked);
    const tenants = config.tenants.filter(({ name }) => tenant === undefined || name === tenant).map(tenantStatus);
    const broken = state.findings().filter(({ level }) => level === "error");
    const failing = broken.length > 0 || tenants.some(({ lastCycle }) => lastCycle?.outcome === "failed");
    const held = tenants.some(({ holds }) => holds.length > 0);
    return {
      version: state.version,
      state: state.syncing(tenant) ? "syncing" : failing ? "failing" : held ? "held" : "idle",
      startedAt: new Date(state.startedAt).toISOString(),
      schedule: { cron: config.schedule, nextRun: tenants.map(({ nextRun }) => nextRun).reduce(earlier, null) },
      rules: {
        files: rules.files.length,
        rules: rules.files.reduce((count, file) => count + file.rules.length, 0),
        loadedAt: new Date(state.loadedAt()).toISOString(),
        errors: broken,
      },
      tenants,
      warnings: [
        ...config.remarks,
        ...state.findings().filter(isOfRules).map(formatFinding),
        ...leftOut(state.only, config.tenantsInFile),
        ...state.awaitingRestart().map((key) => `\`${key}:\` of tiersync.yaml was edited: it counts after a restart`),
        ...tenants.filter(({ name }) => takenOver(name)).flatMap((tenant) => warningsOf(agent, tenant)),
      ],
    };
  };

  const sync: Console["sync"] = async ({ tenant, full }): Promise<StartedCycle[]> => {
    await state.settled(); // a tenant that was written into the file just now is one
    const asked = tenant === undefined ? names() : [known(tenant)];
    return asked.map((name) => ({ id: state.request(name, full), tenant: name }));
  };
  const holdTenant = (id: string): string => {
    const found = views.holds(only).find((hold) => hold.id === id);
    if (found === undefined)
      throw new AgentError("ERR_NOT_FOUND", `there is no open hold "${id}"`, {
        hint: WHERE_HOLDS_ARE,
      });
    return found.tenant;
  };

  return {
    status,
    readiness: () => readiness(agent, state, names()),
    users: (query) => views.people({ ...query, ...chosen(query.tenant) }),
    user: (idOrAddress): PersonExplanation => explanationOf(agent, person(idOrAddress)),
    events: (idOrAddress, page) => {
      const { tenant, id } = person(idOrAddress);
      return views.events(tenant, id, page);
    },
    cycles: (page) => views.cycles({ ...page, ...chosen(page.tenant) }),
    cycle: (id) => {
      // An end that could not be recorded comes first: the database may say that it still runs.
      const found = state.unrecorded().find((record) => record.id === id) ?? views.cycle(id);
      if (found !== null && (only === undefined || found.tenant === only)) return found;
      const asked = state.underWay().get(id);
      if (asked === undefined) throw new AgentError("ERR_NOT_FOUND", `there is no cycle "${id}"`);
      return announcedCycle(id, asked);
    },
    holds: (tenant) => views.holds(chosen(tenant).tenant).map(holdView),
    approve: (id, only) => {
      const tenant = holdTenant(id);
      const users = only === undefined ? null : only.map((user) => onePerson(views.find(user, tenant), user).id);
      const hold = agent.approve(tenant, id, users);
      state.request(tenant, false);
      return holdView(hold);
    },
    reject: (id) => {
      const hold = agent.reject(holdTenant(id), id);
      return holdView(hold);
    },
    sync,
  };
}

/** Exactly one person, or an error that says what to do. */
export function onePerson(found: readonly PersonView[], asked: string): PersonView {
  const [first, second] = found;
  if (first === undefined) {
    throw new AgentError("ERR_NOT_FOUND", `nobody known is called "${asked}"`, {
      hint: "use the object id, user principal name or mail of somebody in the groups; whoever was added just now is known after the next cycle",
    });
  }
  if (second === undefined) return first;
  const list = found.map(({ id, tenant }) => `${id} (${tenant})`).join(", ");
  throw new AgentError("ERR_AMBIGUOUS", `"${asked}" fits more than one person: ${list}`, { hint: "use the object id" });
}

/** Null: never. */
function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** What is doubtful about the rules; the remarks say what is about tiersync.yaml. */
function isOfRules({ level, file }: Finding): boolean {
  return level === "warning" && file !== CONFIG_FILE;
}

/** What an admin must not overlook who looks at an agent that was started with --tenant. */
function leftOut(only: string | null, all: readonly { readonly name: string }[]): readonly string[] {
  const others = all.map(({ name }) => name).filter((name) => name !== only);
  if (only === null || others.length === 0) return [];
  return [`this agent works on ${only} alone (--tenant): nothing is done for ${others.join(", ")}`];
}

function lastCycle(agent: Agent, state: RunningState, tenant: string): CycleRecord | null {
  return state.unrecorded(tenant)[0] ?? agent.views.lastCycle(tenant);
}

function readiness(agent: Agent, state: RunningState, names: readonly string[]): ReturnType<Console["readiness"]> {
  const oldest = state.schedule.freshSince(PERIODS, Date.now());
  const tenants = names.map((name) => {
    const last = lastCycle(agent, state, name);
    if (last === null) return { name, ready: false, reason: "no cycle has ended yet" };
    if (last.outcome === "failed")
      return { name, ready: false, reason: last.error?.message ?? "the last cycle failed" };
    if (Date.parse(last.finishedAt ?? last.startedAt) < oldest) {
      return {
        name,
        ready: false,
        reason: `the last cycle ended ${last.finishedAt}, more than ${PERIODS} periods ago`,
      };
    }
    return {
      name,
      ready: true,
      reason: last.outcome === "held" ? "the last cycle ended well, with something held" : "the last cycle ended well",
    };
  });
  const broken = state.findings().some(({ level }) => level === "error");
  const reason = broken
    ? "configuration or rules are broken; the last good set is in force"
    : (tenants.find(({ ready }) => !ready)?.reason ?? "");
  return { ready: !broken && tenants.every(({ ready }) => ready), tenants, reason };
}
