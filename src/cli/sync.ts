/** `sync`: one cycle of every tenant now, then exit. */
import type { Agent, CycleStep } from "../agent.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome, selectTenants } from "./load-home.ts";
import { commandLogging } from "./logging.ts";
import { createProgress } from "./progress.ts";

/** A one-shot cycle's time limit, as in `run`. */
const DEADLINE = 4 * 60 * 1000;

export interface SyncOptions extends GlobalOptions {
  readonly full?: boolean;
}

export async function sync(options: SyncOptions, io: CommandIo): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const good = loadGoodHome(home);
  const names = selectTenants(good.config, options.tenant).map((tenant) => tenant.name);
  const { openAgent, lockHome } = await import("../agent.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  const logging = commandLogging(home, good.config, options, io);
  const progress = createProgress(io, options.quiet === true || options.json === true);
  const lock = lockHome(home);
  const stop = stopSignals();
  let agent: Agent | null = null;
  try {
    agent = openAgent(good, { home, env: io.env, logging, progress: (step) => progress.step(stepText(step)) });
    const records = await runAll(agent, names, options, stop.signal);
    progress.dispose();
    if (options.json) outJson(io, { cycles: records });
    else io.out(records.map((record) => cycleLines(record, io)).join(""));
    return exitOf(records);
  } finally {
    progress.dispose();
    stop.dispose();
    agent?.close();
    lock.release();
    logging.dispose();
  }
}

/** Tenants side by side: what happens to one does not touch the others. */
async function runAll(
  agent: Agent,
  names: readonly string[],
  options: SyncOptions,
  stop: AbortSignal,
): Promise<CycleRecord[]> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE)]);
  const request = {
    trigger: "cli",
    full: options.full === true,
    pauses: false,
    suspicious: false,
    signal,
    deadline: Date.now() + DEADLINE,
  } as const;
  return await Promise.all(names.map((name) => agent.cycle(name, request)));
}

export function exitOf(records: readonly CycleRecord[]): ExitCode {
  if (records.some(({ outcome }) => outcome === "failed")) return EXIT.failed;
  return records.some(({ outcome }) => outcome === "held") ? EXIT.held : EXIT.done;
}

const STEPS: Readonly<Record<CycleStep["step"], string>> = {
  read: "reading groups and people",
  evaluate: "applying the rules",
  mailboxes: "reading mailbox settings",
  plan: "planning",
  apply: "giving and taking licences",
  done: "done",
};

export function stepText({ tenant, step, done, of }: CycleStep): string {
  const count = done === 0 || step === "done" ? "" : of === null ? ` (${done})` : ` (${done} of ${of})`;
  return `${plainText(tenant)}: ${STEPS[step]}${count}`;
}

export const syncCommand = defineCommand({
  name: "sync",
  summary: "one cycle now, then exit",
  details:
    "Reads the groups, gives out and takes back licences, and says what was done. What is too much at once is held:\nsee `tiersync holds`.",
  examples: ["sync", "sync --full", "sync --tenant contoso --json"],
  configure: (command) => command.option("--full", "read everything again, even where changes would do"),
  run: (options, io) => sync(options, io),
});
