/** `sync`: one cycle of every tenant now, then exit. A running agent on the same home is asked to do it. */
import { selectTenants } from "../config/tenant-choice.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { askForCycles, hereOrThere } from "./ask-for-cycle.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome } from "./load-home.ts";
import { createProgress } from "./progress.ts";
import type { RunningAgentLink } from "./running-agent.ts";
import { withHome } from "./with-home.ts";

export interface SyncOptions extends GlobalOptions {
  readonly full?: boolean;
}

export async function sync(options: SyncOptions, io: CommandIo): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const here = () =>
    withHome(home, options, io, async ({ good, cycles, progress }) => {
      const names = selectTenants(good.config, options.tenant).map((tenant) => tenant.name);
      const records = await cycles(names, options.full === true);
      progress.dispose();
      return report(records, options, io);
    });
  return await hereOrThere(home, here, async (agent) => report(await askAgent(agent, home, options, io), options, io));
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
    return await askForCycles(agent, names, options.full === true);
  } finally {
    progress.dispose();
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
    "Reads the groups, gives out and takes back licences, and says what was done. What is too much at once is held: see `tiersync holds`. An agent that runs on the same home is asked to do it. With --user: that person alone, each step shown; USER: object id, user principal name or mail.",
  examples: ["sync", "sync --full", "sync --tenant contoso --json", "sync --user ada@contoso.example"],
  configure: (command) =>
    command
      .option("--full", "read everything again, even where changes would do")
      .option("--user <user>", "one person, each step shown"),
  run: async ({ user, ...options }, io) => {
    if (user === undefined) return await sync(options, io);
    const { syncUser } = await import("./sync-user.ts");
    return await syncUser(options, io, user);
  },
});
