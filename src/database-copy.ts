/** Work on a copy of the home's database: plans that change nothing, and backups. */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Agent, type AgentOptions, type Configuration, DATABASE_FILE, openAgent } from "./agent.ts";
import { AgentError } from "./errors.ts";
import { openDatabase } from "./store/database.ts";
import { hasLog } from "./store/write-ahead-log.ts";

/** An agent on a copy of the database, which goes away with `work`: whatever it reads and plans changes nothing anywhere. */
export async function withPlanner<T>(
  configuration: Configuration,
  options: AgentOptions,
  work: (agent: Agent) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tiersync-plan-"));
  try {
    const copy = join(folder, "copy.db");
    const original = join(options.home, DATABASE_FILE);
    if (!copyAtRest(original, copy)) copyDatabase(original, copy);
    const agent = openAgent(configuration, { ...options, databaseFile: copy });
    try {
      return await work(agent);
    } finally {
      agent.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A consistent copy of the home's database as a new file; its size in bytes. */
export function backupDatabase(home: string, to: string): number {
  const from = join(home, DATABASE_FILE);
  if (!existsSync(from)) {
    throw new AgentError("ERR_NOT_FOUND", `there is no database in ${home} yet`, { hint: "run `tiersync sync` first" });
  }
  copyDatabase(from, to);
  return statSync(to).size;
}

/**
 * Copies the file as it is where nobody is at work on it: even a database that is only read gets a log and an index of it beside it, and
 * they stay. False when somebody wrote meanwhile, or was killed while writing.
 */
function copyAtRest(from: string, to: string): boolean {
  const before = statSync(from, { bigint: true, throwIfNoEntry: false });
  if (before === undefined || hasLog(from)) return false;
  try {
    copyFileSync(from, to);
    const { mtimeNs, size } = statSync(from, { bigint: true });
    if (!hasLog(from) && mtimeNs === before.mtimeNs && size === before.size) return true;
  } catch {
    // Windows keeps what somebody has locked from being copied; SQLite itself can wait for it, and says best what is wrong.
  }
  rmSync(to, { force: true });
  return false;
}

function copyDatabase(from: string, to: string): void {
  // Nothing was ever synchronised here: the plan begins from nothing.
  if (!existsSync(from)) return;
  const original = openDatabase(from, { readOnly: true });
  try {
    original.copyTo(to);
  } finally {
    original.close();
  }
}
