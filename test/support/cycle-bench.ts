/** One tenant's cycles in the test's own process: the real source, store, ledger and cycle, on a simulated directory and a simulated clock. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exitOf } from "../../src/cli/sync.ts";
import { runCycle } from "../../src/cycle/run-cycle.ts";
import type { CycleStep } from "../../src/cycle/settings.ts";
import { createEntraSource } from "../../src/entra/source.ts";
import { type AgentError, exitCodeOf, toAgentError } from "../../src/errors.ts";
import type { Logger } from "../../src/log.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { Tier } from "../../src/model/tier.ts";
import type { GuardLimits } from "../../src/plan/types.ts";
import type { RuleSet } from "../../src/rules/types.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { createLedger } from "../../src/targets/ledger.ts";
import { setUpEntra, type TestEntra, type TestEntraOptions } from "./entra.ts";
import { parseRules } from "./parse-rules.ts";
import { tempFolder } from "./temp-folder.ts";

const RULES_FILE = "rules/secure-exchanges.yaml";
/** As in `run`. */
const DEADLINE = 240_000;

export interface BenchOptions {
  readonly entra?: TestEntraOptions;
  readonly tiers?: readonly Tier[];
  readonly mailboxSettings?: boolean;
  /** No brakes when absent. */
  readonly guard?: Partial<GuardLimits>;
}

export interface CycleOptions {
  readonly full?: boolean;
  /** This computer's clock minus the directory's; ms. */
  readonly skew?: number;
  /** Time limit; ms from now. */
  readonly deadline?: number;
  readonly fetch?: TestEntra["fetch"];
  readonly requestTimeout?: number;
  /** The database just opened, before the cycle begins. */
  readonly opened?: (database: Database) => void;
  readonly signal?: AbortSignal;
  readonly progress?: (step: CycleStep["step"]) => void;
  /** When it rejects, the process is killed: nothing is waited for, nothing recorded. */
  readonly killed?: Promise<never>;
}

export interface Ended {
  readonly exit: number;
  /** Null: the cycle could not even be recorded. */
  readonly record: CycleRecord | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly warnings: readonly string[];
}

export interface CycleBench {
  readonly entra: TestEntra;
  readonly file: string;
  /** One cycle as `sync` does it: the database is opened before it and closed after it. */
  cycle(options?: CycleOptions): Promise<Ended>;
  look<T>(work: (database: Database) => T): T;
}

export const TIERS: readonly Tier[] = [
  { kind: "paid", name: "Eco", seats: 50, warnBelow: null },
  { kind: "paid", name: "Advanced", seats: 20, warnBelow: null },
  { kind: "paid", name: "Pro", seats: 10, warnBelow: null },
  { kind: "revoking", name: "No_Licence", purgeAfter: 0 },
];

export function openBench(options: BenchOptions = {}): CycleBench {
  const entra = setUpEntra({ credential: "secret", ...options.entra });
  const file = join(tempFolder(), "tiersync.db");
  const settings = {
    name: "contoso",
    parentGroup: { name: "SecureExchanges_Licences" },
    tiers: options.tiers ?? TIERS,
    guard: { revoke: null, purge: null, change: null, create: null, ...options.guard },
    mailboxSettings: options.mailboxSettings ?? true,
  };
  return {
    entra,
    file,
    look: (work) => {
      const database = openDatabase(file);
      try {
        return work(database);
      } finally {
        database.close();
      }
    },
    cycle: async ({ full = false, skew = 0, deadline = DEADLINE, opened, signal, killed, ...more } = {}) => {
      const warnings: string[] = [];
      const clock = { now: () => entra.clock.now() + skew };
      const log: Logger = {
        debug() {},
        info() {},
        warn: (message) => void warnings.push(message),
        error() {},
      };
      const source = createEntraSource({
        ...entra.options,
        clock,
        logger: log,
        fetch: more.fetch ?? entra.fetch,
        limits: { ...entra.options.limits, requestTimeout: more.requestTimeout ?? 30_000 },
      });
      let database: Database | null = null;
      try {
        database = openDatabase(file);
        opened?.(database);
        const store = openTenantStore(database, "contoso", entra.tenant.id);
        const running = runCycle(
          {
            ...{ settings, rules: rules(), source, target: createLedger(store), store, clock, log },
            credential: () => null,
            sawTime: () => undefined,
            progress: ({ step }) => more.progress?.(step),
          },
          {
            ...{ trigger: "cli", full, pauses: false, suspicious: false },
            signal: signal ?? new AbortController().signal,
            deadline: clock.now() + deadline,
          },
        );
        const record = await (killed === undefined ? running : Promise.race([running, killed]));
        return { exit: exitOf([record]), record, error: record.error, warnings };
      } catch (thrown) {
        const error: AgentError = toAgentError(thrown);
        return { exit: exitCodeOf(error), record: null, error, warnings };
      } finally {
        database?.close();
      }
    },
  };
}

let parsed: RuleSet | null = null;

/** The rules that `init` writes. */
function rules(): RuleSet {
  const text = readFileSync(join(import.meta.dir, "../..", RULES_FILE), "utf8");
  parsed ??= parseRules([{ path: RULES_FILE, text }]).value;
  if (parsed === null) throw new Error("the rules that init writes are broken");
  return parsed;
}
