/** The composition root: wires the adapters to the cycle. */
import { join } from "node:path";
import { createAdapters, credentialView, type TenantAdapters } from "./adapters.ts";
import { type ByHand, createByHand } from "./by-hand.ts";
import { credentialMark } from "./config/credential-mark.ts";
import type { AgentConfig, TenantConfig } from "./config/types.ts";
import { explainPerson } from "./cycle/explain-person.ts";
import type { ManualKind } from "./cycle/manual.ts";
import { configNotices } from "./cycle/notices.ts";
import { planView } from "./cycle/plan-view.ts";
import { CLOCK_OFF } from "./cycle/read-both-sides.ts";
import { preparePlan, runCycle } from "./cycle/run-cycle.ts";
import type { CycleParts, CycleRequest, CycleStep } from "./cycle/settings.ts";
import type { TenantStore } from "./cycle/store-ports.ts";
import type { EntraProbe } from "./entra/probe.ts";
import { AgentError } from "./errors.ts";
import { DATABASE_FILE, identityIn } from "./home-database.ts";
import { childLogger } from "./log.ts";
import type { CycleRecord } from "./model/cycle.ts";
import { DAY } from "./model/days.ts";
import { BASE_PROPERTIES, type DirectoryUser } from "./model/directory.ts";
import type { Finding } from "./model/finding.ts";
import type { RuleTrace } from "./model/verdict.ts";
import type { CredentialView, TenantPlanView } from "./model/views.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { Logging } from "./platform/logging.ts";
import { createMemoryKeeper } from "./platform/memory.ts";
import { unknownMembers } from "./rules/bind.ts";
import type { RuleSet } from "./rules/types.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { createGraphClock } from "./store/graph-clock.ts";
import type { Identity } from "./store/identity.ts";
import { type InstanceLock, takeLock } from "./store/lock.ts";
import { prune } from "./store/retention.ts";
import { openTenantStore } from "./store/tenant-store.ts";
import { createStoreViews, type StoreViews } from "./store/views.ts";

export type { CycleStep, ManualKind };

/** Longest time for telling people after a cycle; ms. */
const TELL_WITHIN = 60_000;

/** What the agent goes by: checked, complete, and good. */
export interface Configuration {
  readonly config: AgentConfig;
  readonly rules: RuleSet;
}

export interface AgentOptions {
  /** Absolute. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logging: Logging;
  /** The home's, of whoever works on it: looked after before each cycle. */
  readonly lock?: InstanceLock;
  readonly progress?: (step: CycleStep) => void;
  /** The database to work on; that of the home by default. */
  readonly databaseFile?: string;
  /** Only looks, beside whoever works on the home: for `explain`. Check with `openReader` first that there is something to see. */
  readonly readOnly?: boolean;
}

export interface Agent extends ByHand {
  readonly views: StoreViews;
  /** Whether the database is the one last seen here. */
  readonly identity: Identity;
  /** This machine goes on with a database from another one. */
  takeOver(): void;
  /** Whether what this tenant's next cycle changes or takes is held, because of what the database is. */
  suspicious(tenant: string): boolean;
  readonly database: Database;
  /** Changes what the next cycles go by. */
  configure(configuration: Configuration): void;
  readonly configuration: Configuration;
  store(tenant: string): TenantStore;
  cycle(tenant: string, request: CycleRequest): Promise<CycleRecord>;
  /** What the next cycle would do. Writes to this agent's database: see `withPlanner`. */
  plan(tenant: string, request: CycleRequest): Promise<TenantPlanView>;
  /** Groups that rules name and that no tenant's parent group has as a member, as far as the mirror knows. */
  unknownGroups(set: Configuration): readonly Finding[];
  explain(tenant: string, id: string): readonly RuleTrace[];
  /** Null when the certificate cannot be read now. Also of a tenant that the next cycle only will take over. */
  credential(tenant: TenantConfig): CredentialView | null;
  /** Another text when the files have changed that the tenant's credentials are in. */
  credentialMark(tenant: string): string;
  probe(tenant: string): EntraProbe;
  /** Asks the directory for a user by object id, user principal name or mail; null: there is none. */
  findUser(tenant: string, name: string, signal: AbortSignal): Promise<DirectoryUser | null>;
  probeTarget: (tenant: string, signal: AbortSignal) => ReturnType<TenantAdapters["probeTarget"]>;
  notifier(tenant: string): Notifier;
  /** Sends what waits in the outbox, and pings after a good cycle. `pauses`: keep to the growing pauses after failures. */
  tell(
    tenant: string,
    options: { readonly record: CycleRecord | null; readonly pauses: boolean; readonly signal: AbortSignal },
  ): Promise<void>;
  /** What there is to say about the files; none: they are right. */
  noticeBroken(findings: readonly Finding[]): void;
  close(): void;
}

/** One instance at a time works on a home. Throws `ERR_LOCKED`. */
export function lockHome(home: string): InstanceLock {
  return takeLock(join(home, "data", "tiersync.lock"));
}

/** Opens the database and is ready for cycles of every tenant. Makes no request by itself. */
export function openAgent(configuration: Configuration, options: AgentOptions): Agent {
  const { home, env, logging } = options;
  const place = options.databaseFile ?? join(home, DATABASE_FILE);
  const database = openDatabase(place, {
    readOnly: options.readOnly ?? false,
    // Of a copy nobody knows where it is.
    calledAs: join(home, DATABASE_FILE),
  });
  const clock = { now: () => Date.now() };
  const graphClock = createGraphClock(database);
  const stores = new Map<string, TenantStore>();
  const identity = identityIn(home, database, place);
  const keepMemory = createMemoryKeeper();
  let current = configuration;
  let pruned = 0;

  /** By the tenant's row. */
  const running = new Map<number, Promise<CycleRecord>>();
  /** One at a time of a tenant, under whatever name it began: it may have been renamed since. */
  const cycle = async (tenant: string, request: CycleRequest): Promise<CycleRecord> => {
    for (let before = running.get(store(tenant).key); before !== undefined; before = running.get(store(tenant).key)) {
      await before.catch(() => undefined);
    }
    const { key } = store(tenant);
    const begun = cycleNow(tenant, request).finally(() => running.delete(key));
    running.set(key, begun);
    return await begun;
  };
  const cycleNow = async (tenant: string, request: CycleRequest): Promise<CycleRecord> => {
    // What cycles have written until now, rather than at the end of one: whoever waits for a cycle need not wait for this.
    database.shortenLog();
    options.lock?.assertHeld();
    identity.stamp();
    const suspicious = request.suspicious || identity.suspicious(tenant);
    const own = parts(tenant);
    const record = await runCycle(own, { ...request, suspicious, full: request.full || suspicious });
    if (record.outcome !== "failed" && request.only === undefined) identity.trust(tenant);
    // A copy that was made in the middle of it would do it again.
    if (Object.values(record.actions).some((done) => done > 0)) identity.stamp();
    // A clock that is ahead would take for old what has just been done.
    const clockIsRight = record.outcome !== "failed" && own.store.outbox.ongoingSince(CLOCK_OFF) === null;
    if (clockIsRight && clock.now() - pruned > DAY) {
      prune(database, current.config.retention, clock.now());
      pruned = clock.now();
    }
    return record;
  };
  const tenantConfig = (name: string): TenantConfig => {
    const found = current.config.tenants.find((tenant) => tenant.name === name);
    if (found === undefined) throw new AgentError("ERR_NOT_FOUND", `there is no tenant "${name}" in tiersync.yaml`);
    return found;
  };
  const store = (name: string): TenantStore => {
    let opened = stores.get(name);
    if (opened === undefined) {
      const configured = current.config.tenantsInFile.map((tenant) => ({
        name: tenant.name,
        directory: tenant.tenantId,
      }));
      opened = openTenantStore(database, name, tenantConfig(name).tenantId, configured);
      stores.set(name, opened);
    }
    return opened;
  };
  // Only whoever works on the home itself: `plan` and `check` change nothing.
  const switchesCertificates = options.databaseFile === undefined && options.readOnly !== true;
  const adapters = createAdapters({ home, env, logging, clock, switchesCertificates });
  const of = (name: string): TenantAdapters => adapters.of(tenantConfig(name), current.config, store(name));
  const settings = ({ name, parentGroup, tiers, guard }: TenantConfig): CycleParts["settings"] => {
    return { name, parentGroup, tiers, guard, mailboxSettings: current.config.mailboxSettings };
  };
  const credential = (tenant: TenantConfig): CredentialView | null => credentialView(tenant.credential, clock.now());
  /** What stays the same until the cycle ends, whatever is edited meanwhile. */
  const parts = (name: string): CycleParts => {
    const tenant = tenantConfig(name);
    const { source, target } = of(name);
    return {
      settings: settings(tenant),
      rules: current.rules,
      source,
      target,
      credential: () => credential(tenant),
      store: store(name),
      clock,
      sawTime: (now) => graphClock.saw(name, now),
      log: childLogger(logging.logger("cycle"), { tenant: name }),
      progress: (step) => {
        keepMemory(step.step, step.done);
        options.progress?.(step);
      },
    };
  };

  const views = createStoreViews(database);
  return {
    views,
    database,
    get configuration() {
      return current;
    },
    configure: (next) => {
      // A tenant may be called otherwise now, and its old name be another's.
      if (JSON.stringify(next.config.tenantsInFile) !== JSON.stringify(current.config.tenantsInFile)) stores.clear();
      current = next;
    },
    store,
    identity: identity.identity,
    takeOver: identity.takeOver,
    suspicious: identity.suspicious,
    cycle,
    plan: async (tenant, request) => {
      const suspicious = identity.suspicious(tenant);
      return planView(
        store(tenant),
        await preparePlan(parts(tenant), { ...request, suspicious, full: request.full || suspicious }),
      );
    },
    unknownGroups: (set) =>
      set.config.tenants.flatMap(({ name, tenantId, parentGroup, tiers }) => {
        const known = current.config.tenants.find((tenant) => tenant.name === name);
        // What was not read, or of another directory or parent group, is nothing to compare with.
        const same = known?.tenantId === tenantId && JSON.stringify(known.parentGroup) === JSON.stringify(parentGroup);
        if (!same || store(name).people.mirroredProperties() === null) return [];
        const { groups } = store(name).people.groupGraph();
        return unknownMembers(set.rules, { tenant: name, tiers, groups, mailboxSettings: set.config.mailboxSettings });
      }),
    ...createByHand({ database, views, parts, store, stamp: identity.stamp, now: graphClock.now }),
    explain: (tenant, id) =>
      explainPerson(
        { rules: current.rules, settings: settings(tenantConfig(tenant)), store: store(tenant) },
        id,
        graphClock.now(tenant),
      ),
    credential,
    credentialMark: (tenant) => credentialMark(tenantConfig(tenant), home),
    probe: (tenant) => of(tenant).probe,
    findUser: (tenant, name, signal) => of(tenant).source.findUser(name, BASE_PROPERTIES, signal),
    tell: async (tenant, { record, pauses, signal }) => {
      const { notifier } = of(tenant);
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(TELL_WITHIN)]);
      await notifier.deliver({ pauses, signal: bounded });
      if (record !== null && record.outcome !== "failed") await notifier.heartbeat(bounded);
    },
    probeTarget: (tenant, signal) => of(tenant).probeTarget(signal),
    notifier: (tenant) => of(tenant).notifier,
    noticeBroken: (findings) => {
      const told = new Set<string>();
      for (const { name, notify } of current.config.tenants) {
        // Tenants that tell the same people tell them once.
        const whom = JSON.stringify(notify);
        if (told.has(whom)) continue;
        told.add(whom);
        const { outbox } = store(name);
        const now = clock.now();
        outbox.add(
          configNotices(findings, (topic, holds) => outbox.ongoing(topic, holds, now)),
          now,
        );
      }
    },
    close: () => database.close(),
  };
}
