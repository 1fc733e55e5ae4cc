/** `sync`: one cycle of every tenant now, then exit. A running agent on the same home is asked to do it. */
import { setTimeout as delay } from "node:timers/promises";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome, selectTenants } from "./load-home.ts";
import { createProgress } from "./progress.ts";
import { findRunningAgent, type RunningAgentLink } from "./running-agent.ts";
import { withHome } from "./with-home.ts";

export interface SyncOptions extends GlobalOptions {
  readonly full?: boolean;
}

/** How often a running agent is asked whether its cycle has ended; ms. */
const POLL_EVERY = 200;

export async function sync(options: SyncOptions, io: CommandIo): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  try {
    return await withHome(home, options, io, async ({ good, cycles, progress }) => {
      const names = selectTenants(good.config, options.tenant).map((tenant) => tenant.name);
      const records = await cycles(names, options.full === true);
      progress.dispose();
      return report(records, options, io);
    });
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "ERR_LOCKED") throw error;
    const { agent, absent } = await findRunningAgent(home);
    if (agent === null) throw new AgentError("ERR_LOCKED", `${error.message}, and it cannot be asked: ${absent}`);
    return report(await askAgent(agent, home, options, io), options, io);
  }
}

async function askAgent(
  agent: RunningAgentLink,
  home: string,
  options: SyncOptions,
  io: CommandIo,
): Promise<CycleRecord[]> {
  const names = selectTenants(loadGoodHome(home).config, options.tenant).map((tenant) => tenant.name);
  const progress = createProgress(io, options.quiet === true || options.json === true);
  try {
    progress.step("an agent runs on this home: it is asked for a cycle");
    const ids: string[] = [];
    for (const tenant of names) {
      const started = (await agent.post("/sync", { tenant, full: options.full === true })) as { readonly id: string };
      ids.push(started.id);
    }
    return await Promise.all(ids.map((id) => ended(agent, id)));
  } finally {
    progress.dispose();
  }
}

/** The agent bounds its cycles itself, so this ends. */
async function ended(agent: RunningAgentLink, id: string): Promise<CycleRecord> {
  for (;;) {
    const record = (await agent.json(`/cycles/${id}`)) as CycleRecord;
    if (record.outcome !== null) return record;
    await delay(POLL_EVERY);
  }
}

function report(records: readonly CycleRecord[], options: SyncOptions, io: CommandIo): ExitCode {
  if (options.json) outJson(io, { cycles: records });
  else io.out(records.map((record) => cycleLines(record, io)).join(""));
  return exitOf(records);
}

export function exitOf(records: readonly CycleRecord[]): ExitCode {
  if (records.some(({ outcome }) => outcome === "failed")) return EXIT.failed;
  return records.some(({ outcome }) => outcome === "held") ? EXIT.held : EXIT.done;
}

export const syncCommand = defineCommand({
  name: "sync",
  summary: "one cycle now, then exit",
  details:
    "Reads the groups, gives out and takes back licences, and says what was done. What is too much at once is held:\nsee `tiersync holds`. An agent that runs on the same home is asked to do it.",
  examples: ["sync", "sync --full", "sync --tenant contoso --json"],
  configure: (command) => command.option("--full", "read everything again, even where changes would do"),
  run: (options, io) => sync(options, io),
});
