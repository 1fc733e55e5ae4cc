/** Work on a copy of the home's database: plans that change nothing, and backups. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Agent, type AgentOptions, type Configuration, DATABASE_FILE, openAgent } from "./agent.ts";
import { AgentError } from "./errors.ts";
import { openDatabase } from "./store/database.ts";

/** An agent on a copy of the database, which goes away with `work`: whatever it reads and plans changes nothing anywhere. */
export async function withPlanner<T>(
  configuration: Configuration,
  options: AgentOptions,
  work: (agent: Agent) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tiersync-plan-"));
  try {
    const copy = join(folder, "copy.db");
    copyDatabase(join(options.home, DATABASE_FILE), copy);
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
