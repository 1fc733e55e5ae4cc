/** The agent that stays: schedule, status API, hot reload, until it is stopped. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createAcceptance } from "./acceptance.ts";
import { type Agent, lockHome, openAgent } from "./agent.ts";
import { brokenHome } from "./config/broken-home.ts";
import { createKeeper, type GoodSet, type Keeper } from "./config/keeper.ts";
import { loadConfig, loadHome } from "./config/load.ts";
import type { HomeFiles } from "./config/parse.ts";
import { configuredTenant, onlyTenant } from "./config/tenant-choice.ts";
import { createConsole } from "./console.ts";
import { type Schedule, startSchedule } from "./cycle/schedule.ts";
import type { CycleStep } from "./cycle/settings.ts";
import { AgentError, toAgentError } from "./errors.ts";
import { DATABASE_FILE, databaseOf } from "./home-database.ts";
import type { Logger } from "./log.ts";
import type { CycleRecord } from "./model/cycle.ts";
import type { StatusView } from "./model/views.ts";
import { writeFileAtomic } from "./platform/atomic-file.ts";
import type { Logging } from "./platform/logging.ts";
import { protectFolder, readProtectedText, writeProtected } from "./platform/protect.ts";
import { VERSION } from "./platform/runtime.ts";
import { serveLoopback } from "./platform/serve.ts";
import { createStatusApp } from "./status/app.ts";
import type { CycleEvent } from "./status/console.ts";
import { openDatabase } from "./store/database.ts";
import { createMeta } from "./store/meta.ts";
import { createTenants, type Tenants } from "./tenants.ts";

export interface RunningOptions {
  /** Absolute. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logging: Logging;
  /** Go on with a database that another machine made. */
  readonly takeOver?: boolean;
  /** The one tenant of tiersync.yaml to work on; absent: all of them. */
  readonly tenant?: string;
  readonly listen?: (event: CycleEvent) => void;
}

export interface RunningAgent {
  readonly port: number;
  readonly agent: Agent;
  /** The first cycle of each tenant, as it ends. */
  readonly firstCycles: Promise<readonly CycleRecord[]>;
  status(): StatusView;
  /** The tenant that was chosen, as tiersync.yaml has its name; null: it works on all. */
  readonly only: string | null;
  /** Asks for a cycle of every tenant. */
  sync(): void;
  /** Ends the running cycles, the API and the schedule; at most `deadline` ms. */
  stop(deadline: number): Promise<void>;
}

/**
 * Throws `ERR_LOCKED`, `ERR_CONFIG` (broken, and no last good set), `ERR_USAGE` (no such tenant), `ERR_PLATFORM` (port taken),
 * `ERR_STORE`.
 */
export async function startAgent(options: RunningOptions): Promise<RunningAgent> {
  const { home, logging } = options;
  const log = logging.logger("agent");
  const releases: (() => void | Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    // Last in, first out; one that fails must not keep the others from being given back.
    for (const give of releases.splice(0).reverse()) {
      try {
        await give();
      } catch (error) {
        log.error("stopping: {message}", { message: toAgentError(error).message });
      }
    }
  };
  try {
    assertStartable(home);
    const lock = lockHome(home);
    releases.push(() => lock.release());
    for (const name of protectFolder(join(home, "keys"))) log.info("keys/{name} is encrypted now", { name });
    let onChange = (): void => {};
    const keeper = openKeeper(home, log, releases, () => onChange());
    const only = options.tenant === undefined ? null : chosenTenant(keeper, home, options.tenant);
    const current = (): GoodSet => requireGood(keeper, only);
    const startedAt = Date.now();
    const listeners = new Set<(event: CycleEvent) => void>();
    if (options.listen !== undefined) listeners.add(options.listen);
    const emit = (event: CycleEvent): void => {
      for (const listener of listeners) listener(event);
    };
    const agent = openAgent(current(), { home, env: options.env, logging, lock, progress: (step) => onStep(step) });
    releases.push(() => agent.close());
    if (agent.identity === "foreign") {
      if (options.takeOver !== true) {
        throw new AgentError("ERR_STORE_FOREIGN", `the database in ${home} was made on another machine`);
      }
      agent.takeOver();
    }
    await keeper.setAcceptance(createAcceptance(agent, only));
    const good = current(); // with what was edited while no agent ran
    if (good.config.tenants.length === 0) throw brokenHome(keeper.findings); // the edit that brings the tenant in is refused
    agent.configure(good);
    const noticeBroken = (): void => {
      try {
        agent.noticeBroken(keeper.findings);
      } catch (error) {
        log.error("what is wrong with the files cannot be told: {message}", { message: toAgentError(error).message });
      }
    };
    noticeBroken(); // broken or mended while no agent ran

    const tenants = createTenants(agent, log, emit, {
      apply: () => agent.configure(current()),
      settled: (signal) => keeper.settled(signal),
    });
    listeners.add(({ type }) => {
      if (type === "finished") keeper.recheck(); // a group that an edit names may be there by now
    });
    const onStep = (step: CycleStep): void => tenants.step(step);
    releases.push(() => tenants.stop());

    let schedule = scheduleOf(good, log, tenants);
    releases.push(() => schedule.stop());
    onChange = () => {
      tenants.reset();
      noticeBroken();
      const set = keeper.good;
      if (
        set === null ||
        (set.config.schedule === agent.configuration.config.schedule &&
          set.config.fullSync === agent.configuration.config.fullSync &&
          set.config.timezone === agent.configuration.config.timezone)
      )
        return;
      schedule.stop();
      schedule = scheduleOf(set, log, tenants);
    };

    const stopping = new AbortController();
    const token = apiToken(home);
    const answers = createConsole(agent, {
      version: VERSION,
      startedAt,
      good: current,
      only,
      findings: () => keeper.findings,
      loadedAt: () => keeper.loadedAt,
      schedule: {
        nextRun: (leftOut) => schedule.nextRun(leftOut),
        freshSince: (periods, now) => schedule.freshSince(periods, now),
      },
      underWay: () => tenants.underWay(),
      settled: () => keeper.settled(stopping.signal),
      awaitingRestart: () => {
        const now = current().config;
        return (["status", "log"] as const).filter(
          (key) => JSON.stringify(now[key]) !== JSON.stringify(good.config[key]),
        );
      },
      slowedDown: (tenant) => tenants.slowedDown(tenant),
      unrecorded: (tenant) => tenants.unrecorded(tenant),
      syncing: (tenant) => tenants.busy(tenant),
      request: (tenant, full) => tenants.request(tenant, "api", full),
    });
    const app = createStatusApp({
      console: answers,
      token,
      protectReads: good.config.status.protectReads,
      signal: stopping.signal,
      progress: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      version: VERSION,
      startedAt: new Date(startedAt).toISOString(),
      log: logging.logger("status"),
    });
    const server = await serveLoopback((request) => app.fetch(request), good.config.status);
    releases.push(() => server.stop(1000));
    announce(home, { port: server.port, startedAt, only });
    releases.push(() => rmSync(runFile(home), { force: true }));
    log.info("tiersync {version} runs; status on port {port}", { version: VERSION, port: server.port });

    const names = good.config.tenants.map(({ name }) => name);
    const firstCycles = Promise.all(names.map((name) => tenants.result(tenants.request(name, "startup", false))));
    firstCycles.catch(() => undefined);
    return {
      port: server.port,
      agent,
      only,
      firstCycles,
      status: () => answers.status(),
      sync: () => void answers.sync({ full: false }).catch(() => undefined), // it is stopping
      stop: async (deadline) => {
        stopping.abort();
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, deadline);
        await Promise.race([release(), late.promise]);
        clearTimeout(timer);
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Where a running agent says how to reach it. */
function runFile(home: string): string {
  return join(home, "data", "run.json");
}

interface Announced {
  readonly port: number;
  readonly startedAt: number;
  readonly only: string | null;
}

function announce(home: string, { port, startedAt, only }: Announced): void {
  const tenant = only === null ? {} : { tenant: only };
  const run = { pid: process.pid, port, started: new Date(startedAt).toISOString(), ...tenant };
  writeFileAtomic(runFile(home), `${JSON.stringify(run)}\n`);
}

/** The token that POST needs; made at the first start, kept from then on, read afresh each time, made anew when it was deleted. */
function apiToken(home: string): () => string {
  const file = join(home, "keys", "api.token");
  const read = (): string => {
    if (!existsSync(file)) {
      mkdirSync(join(home, "keys"), { recursive: true, mode: 0o700 });
      writeProtected(file, `${randomBytes(32).toString("base64url")}\n`, { plain: true }); // curl reads it
    }
    return readProtectedText(file);
  };
  // Whoever is to use it finds it there before the first request.
  if (!existsSync(file)) read();
  return read;
}

function openKeeper(home: string, log: Logger, releases: (() => void)[], changed: () => void): Keeper {
  const database = openDatabase(join(home, DATABASE_FILE));
  releases.push(() => database.close());
  const meta = createMeta(database);
  const keeper = createKeeper({
    home,
    log,
    lastGood: {
      read: () => {
        const text = meta.read("last good");
        try {
          return text === null ? null : (JSON.parse(text) as HomeFiles);
        } catch {
          log.error("the last good configuration that the database remembers is damaged: the files count");
          return null;
        }
      },
      write: (files) => meta.write("last good", JSON.stringify(files)),
    },
    changed,
  });
  releases.push(() => keeper.stop());
  return keeper;
}

/** The name as it is in the files; where those are broken, as in the last good ones. */
function chosenTenant(keeper: Keeper, home: string, typed: string): string {
  const config = loadConfig(home).value ?? keeper.good?.config;
  if (config === undefined) throw brokenHome(keeper.findings, NO_LAST_GOOD);
  return configuredTenant(config, typed);
}

const NO_LAST_GOOD = "there is no last good set to go on with: the agent does not start";

/**
 * Whether there is anything to start with: good files, or a database that may remember some. Throws `ERR_CONFIG`. Nothing is made in a
 * folder without: `--home` may be mistyped.
 */
function assertStartable(home: string): void {
  const { config, rules, findings } = loadHome(home);
  if ((config === null || rules === null) && databaseOf(home) === null) throw brokenHome(findings, NO_LAST_GOOD);
}

/** What the agent goes by; `only`: as far as it is about this tenant. */
function requireGood({ good, findings }: Keeper, only: string | null): GoodSet {
  if (good === null) throw brokenHome(findings, NO_LAST_GOOD);
  return only === null ? good : { ...good, config: onlyTenant(good.config, only) };
}

function scheduleOf({ config }: GoodSet, log: Logger, tenants: Tenants): Schedule {
  return startSchedule({
    schedule: config.schedule,
    fullSync: config.fullSync,
    ...(config.timezone === null ? {} : { timezone: config.timezone }),
    log,
    tick: (full) => tenants.tick(full),
  });
}
