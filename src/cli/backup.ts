/** `backup FILE`: a consistent copy of the database, also while the agent runs. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AgentError } from "../errors.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

export async function backup(options: GlobalOptions, io: CommandIo, file: string): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const target = resolve(home, file);
  if (existsSync(target))
    throw new AgentError("ERR_EXISTS", `${target} exists already`, { hint: "choose another name" });
  const { backupDatabase } = await import("../database-copy.ts");
  const bytes = backupDatabase(home, target);
  if (options.json) outJson(io, { file: target, bytes });
  else if (!options.quiet) io.out(`wrote ${target} (${(bytes / 1e6).toFixed(1)} MB)\n`);
}

export const backupCommand = defineCommand({
  name: "backup",
  summary: "a consistent copy of the database while the agent runs; never overwrites",
  noTenant: "the copy is of the whole home folder's database",
  details:
    "To restore: stop the agent, delete data/tiersync.db-wal and -shm, put the file in the place of data/tiersync.db, start. What would then change or take something is held until you approve, because the agent no longer knows what it has done since.",
  examples: ["backup tiersync-monday.db", "backup D:\\backup\\tiersync.db --json"],
  configure: (command) => command.argument("<file>", "where to write; relative to the home folder"),
  run: (options, io, file) => backup(options, io, file),
});
