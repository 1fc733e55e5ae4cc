/** `sync`: one cycle of every tenant now, then exit. */
import { EXIT, type ExitCode } from "../errors.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { selectTenants } from "./load-home.ts";
import { withHome } from "./with-home.ts";

export interface SyncOptions extends GlobalOptions {
  readonly full?: boolean;
}

export async function sync(options: SyncOptions, io: CommandIo): Promise<ExitCode> {
  return await withHome(resolveHome(options.home, io), options, io, async ({ good, cycles, progress }) => {
    const names = selectTenants(good.config, options.tenant).map((tenant) => tenant.name);
    const records = await cycles(names, options.full === true);
    progress.dispose();
    if (options.json) outJson(io, { cycles: records });
    else io.out(records.map((record) => cycleLines(record, io)).join(""));
    return exitOf(records);
  });
}

export function exitOf(records: readonly CycleRecord[]): ExitCode {
  if (records.some(({ outcome }) => outcome === "failed")) return EXIT.failed;
  return records.some(({ outcome }) => outcome === "held") ? EXIT.held : EXIT.done;
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
