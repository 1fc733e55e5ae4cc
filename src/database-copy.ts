/** Work on a copy of the home's database: plans that change nothing, and backups. */
import { closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Agent, type AgentOptions, type Configuration, openAgent } from "./agent.ts";
import { AgentError, fileFault } from "./errors.ts";
import { databaseOf } from "./home-database.ts";
import { makeWorkFolder } from "./platform/work-folder.ts";
import { openDatabase } from "./store/database.ts";
import { isFull } from "./store/store-errors.ts";
import { hasLog } from "./store/write-ahead-log.ts";

/** An agent on a copy of the database, which goes away with `work`: whatever it reads and plans changes nothing anywhere. */
export async function withPlanner<T>(
  configuration: Configuration,
  options: AgentOptions,
  work: (agent: Agent) => Promise<T>,
): Promise<T> {
  const folder = makeWorkFolder("tiersync-plan");
  try {
    const copy = join(folder.path, "copy.db");
    const original = databaseOf(options.home);
    // Nothing was ever synchronised here: the plan begins from nothing.
    if (original !== null && !copyAtRest(original, copy)) copyDatabase(original, copy);
    const agent = openAgent(configuration, { ...options, databaseFile: copy });
    try {
      return await work(agent);
    } finally {
      agent.close();
    }
  } finally {
    folder.remove();
  }
}

/** A consistent copy of the home's database as a new file; its size in bytes. The file is there when it is whole, and on the disk. */
export function backupDatabase(home: string, to: string): number {
  const from = databaseOf(home);
  if (from === null) throw nothingYet(home);
  const original = openDatabase(from, { readOnly: true });
  const part = `${to}.${process.pid}.part`;
  try {
    // An empty file is what is left of one that was lost: its copy is no backup.
    if (original.get("PRAGMA user_version")?.["user_version"] === 0) throw nothingYet(home);
    closeSync(openSync(part, "wx", 0o600)); // people's names and addresses are in it
    original.copyTo(part);
    const copy = openSync(part, "r+");
    fsyncSync(copy);
    closeSync(copy);
    renameSync(part, to);
  } catch (error) {
    throw backupFault(error, to);
  } finally {
    original.close();
    for (const file of [part, `${part}-journal`]) rmSync(file, { force: true });
  }
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

function nothingYet(home: string): AgentError {
  return new AgentError("ERR_NOT_FOUND", `there is no database in ${home} yet`, { hint: "run `tiersync sync` first" });
}

/** What the place of the backup is to blame for names it; the database itself was only read. */
function backupFault(error: unknown, to: string): unknown {
  const full = error instanceof AgentError && isFull(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  if (!full && fileFault(error) === null && code !== "ENOENT" && code !== "ENOTDIR") return error;
  const why = full ? "no space is left" : String(code);
  return new AgentError("ERR_PLATFORM", `the backup ${to} cannot be written (${why})`, {
    hint: "choose a folder that exists, that you may write into, and that has space for it",
    cause: error,
  });
}

function copyDatabase(from: string, to: string): void {
  const original = openDatabase(from, { readOnly: true });
  try {
    original.copyTo(to);
  } finally {
    original.close();
  }
}
