/** The composition root: the only place that builds adapters and wires them to the cycle. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { resolveSecret, type SecretRef } from "./config/secrets.ts";
import type { AgentConfig, CredentialConfig, TenantConfig } from "./config/types.ts";
import { explainPerson } from "./cycle/explain-person.ts";
import { carryOutManual, type ManualKind, type ManualStep, planManual } from "./cycle/manual.ts";
import { planView } from "./cycle/plan-view.ts";
import type { DirectorySource, LicenceTarget } from "./cycle/ports.ts";
import { preparePlan } from "./cycle/prepare-plan.ts";
import { runCycle } from "./cycle/run-cycle.ts";
import type { CycleParts, CycleRequest, CycleStep } from "./cycle/settings.ts";
import type { TenantStore } from "./cycle/store-ports.ts";
import { readCertificate } from "./entra/certificate.ts";
import type { Credential } from "./entra/options.ts";
import { createEntraProbe, type EntraProbe } from "./entra/probe.ts";
import { createEntraSource } from "./entra/source.ts";
import { AgentError } from "./errors.ts";
import { childLogger } from "./log.ts";
import type { CycleRecord } from "./model/cycle.ts";
import type { Finding } from "./model/finding.ts";
import type { RuleTrace } from "./model/verdict.ts";
import type { CredentialView, TenantPlanView } from "./model/views.ts";
import { createFetch } from "./platform/fetch.ts";
import type { Logging } from "./platform/logging.ts";
import { machineId } from "./platform/machine.ts";
import { readProtectedText } from "./platform/protect.ts";
import { unknownMembers } from "./rules/bind.ts";
import type { RuleSet } from "./rules/types.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { type Identity, readIdentity } from "./store/identity.ts";
import { type InstanceLock, takeLock } from "./store/lock.ts";
import { isReadable } from "./store/migrations.ts";
import { prune } from "./store/retention.ts";
import { openTenantStore } from "./store/tenant-store.ts";
import { createStoreViews, type StoreViews } from "./store/views.ts";
import { createLedger } from "./targets/ledger.ts";

export type { CycleStep, ManualKind };

/** Where the database of a home is. */
export const DATABASE_FILE = "data/tiersync.db";
/** The last state of the database that was seen here. */
const SEEN_FILE = "data/seen.json";
const DAY = 24 * 60 * 60 * 1000;

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
  readonly progress?: (step: CycleStep) => void;
  /** The database to work on; that of the home by default. */
  readonly databaseFile?: string;
  /** Only looks, beside whoever works on the home: for `explain`. Check with `openReader` first that there is something to see. */
  readonly readOnly?: boolean;
}

export interface Agent {
  readonly views: StoreViews;
  /** Whether the database is the one last seen here. */
  readonly identity: Identity;
  /** This machine goes on with a database from another one. */
  takeOver(): void;
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
  /** What an administrator does by hand; see `cycle/manual.ts`. */
  planManual(tenant: string, kind: ManualKind, id: string, address: string | null): ManualStep;
  carryOutManual(tenant: string, step: ManualStep, signal: AbortSignal): Promise<void>;
  explain(tenant: string, id: string): readonly RuleTrace[];
  /** Null when the certificate cannot be read now. */
  credential(tenant: string): CredentialView | null;
  probe(tenant: string): EntraProbe;
  close(): void;
}

/** One instance at a time works on a home. Throws `ERR_LOCKED`. */
export function lockHome(home: string): InstanceLock {
  return takeLock(join(home, "data", "tiersync.lock"));
}

interface TenantAdapters {
  /** What they were built from; other adapters are built when it changes. */
  readonly key: string;
  readonly source: DirectorySource;
  readonly probe: EntraProbe;
}

/** Opens the database and is ready for cycles of every tenant. Makes no request by itself. */
export function openAgent(configuration: Configuration, options: AgentOptions): Agent {
  const { home, env, logging } = options;
  const database = openDatabase(options.databaseFile ?? join(home, DATABASE_FILE), {
    readOnly: options.readOnly ?? false,
  });
  const clock = { now: () => Date.now() };
  const stores = new Map<string, TenantStore>();
  const adapters = new Map<string, TenantAdapters>();
  const targets = new Map<string, LicenceTarget>();
  const identity = readIdentity({ database, file: join(home, SEEN_FILE), machine: machineId() });
  let current = configuration;
  let pruned = 0;

  const cycle = async (tenant: string, request: CycleRequest): Promise<CycleRecord> => {
    identity.stamp();
    const suspicious = request.suspicious || identity.suspicious(tenant);
    const record = await runCycle(parts(tenant), { ...request, suspicious, full: request.full || suspicious });
    if (record.outcome !== "failed") identity.trust(tenant);
    if (clock.now() - pruned > DAY) {
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
      const names = current.config.tenants.map((tenant) => tenant.name);
      opened = openTenantStore(database, name, tenantConfig(name).tenantId, names);
      stores.set(name, opened);
    }
    return opened;
  };
  const secret = (ref: SecretRef) => (): Promise<string> =>
    resolveSecret(ref, {
      home,
      env,
      openSecret: (name) => readProtectedText(join(home, "keys", `${name}.secret`)),
      warn: (message) => logging.logger("config").warn(message),
    });
  const entra = (name: string): TenantAdapters => {
    const { tenantId, clientId, credential, cloud } = tenantConfig(name);
    const { network } = current.config;
    const key = JSON.stringify([tenantId, clientId, credential, cloud, network]);
    const built = adapters.get(name);
    if (built?.key === key) return built;
    const entraOptions = {
      tenantId,
      clientId,
      credential: credentialOf(credential, secret),
      cloud,
      fetch: createFetch(network),
      clock,
      logger: childLogger(logging.logger("entra"), { tenant: name }),
    };
    const fresh = { key, source: createEntraSource(entraOptions), probe: createEntraProbe(entraOptions) };
    adapters.set(name, fresh);
    return fresh;
  };
  const target = (name: string): LicenceTarget => {
    let built = targets.get(name);
    if (built === undefined) {
      built = createLedger(store(name));
      targets.set(name, built);
    }
    return built;
  };
  const settings = (name: string): CycleParts["settings"] => {
    const { parentGroup, tiers, guard } = tenantConfig(name);
    return { name, parentGroup, tiers, guard, mailboxSettings: current.config.mailboxSettings };
  };
  const parts = (name: string): CycleParts => ({
    settings: settings(name),
    rules: current.rules,
    source: entra(name).source,
    target: target(name),
    store: store(name),
    clock,
    log: childLogger(logging.logger("cycle"), { tenant: name }),
    progress: options.progress ?? (() => undefined),
  });

  return {
    views: createStoreViews(database),
    database,
    get configuration() {
      return current;
    },
    configure: (next) => {
      current = next;
    },
    store,
    identity: identity.identity,
    takeOver: identity.takeOver,
    cycle,
    plan: async (tenant, request) => {
      const suspicious = identity.suspicious(tenant);
      return planView(
        store(tenant),
        await preparePlan(parts(tenant), { ...request, suspicious, full: request.full || suspicious }),
      );
    },
    unknownGroups: (set) =>
      set.config.tenants.flatMap(({ name, tiers }) => {
        // A tenant that was never read has no groups to compare with.
        if (!stores.has(name) || store(name).people.mirroredProperties() === null) return [];
        const { groups } = store(name).people.groupGraph();
        return unknownMembers(set.rules, { tenant: name, tiers, groups, mailboxSettings: set.config.mailboxSettings });
      }),
    planManual: (tenant, kind, id, address) => planManual(parts(tenant), kind, id, address),
    carryOutManual: (tenant, step, signal) => carryOutManual(parts(tenant), step, clock.now(), signal),
    explain: (tenant, id) =>
      explainPerson({ rules: current.rules, settings: settings(tenant), store: store(tenant) }, id, clock.now()),
    credential: (tenant) => credentialView(tenantConfig(tenant).credential, clock.now()),
    probe: (tenant) => entra(tenant).probe,
    close: () => database.close(),
  };
}

/** What a home's database shows. Needs no configuration and no lock: it works beside a running agent. */
export interface Reader {
  readonly views: StoreViews;
  close(): void;
}

/** Null: nothing was ever synchronised here. Throws `ERR_STORE`, and `ERR_STORE_NEWER` for the database of a newer version. */
export function openReader(home: string): Reader | null {
  const file = join(home, DATABASE_FILE);
  if (!existsSync(file)) return null;
  const database = openDatabase(file, { readOnly: true });
  try {
    if (isReadable(database, file)) return { views: createStoreViews(database), close: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  return null;
}

function credentialOf(config: CredentialConfig, secret: (ref: SecretRef) => () => Promise<string>): Credential {
  if (config.kind === "secret") return { kind: "secret", read: secret(config.secret) };
  return { kind: "certificate", read: async () => readProtectedText(config.path), algorithm: config.assertion };
}

function credentialView(config: CredentialConfig, now: number): CredentialView | null {
  if (config.kind === "secret") return { kind: "secret", thumbprint: null, expiresAt: null, daysLeft: null };
  try {
    const { sha1, expiresAt } = readCertificate(readProtectedText(config.path));
    return {
      kind: "certificate",
      thumbprint: sha1,
      expiresAt: new Date(expiresAt).toISOString(),
      daysLeft: Math.floor((expiresAt - now) / DAY),
    };
  } catch (error) {
    if (error instanceof AgentError) return null;
    throw error;
  }
}
