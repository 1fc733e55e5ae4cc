/** One instance per home: a lock that the operating system frees when its process dies. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AgentError } from "../errors.ts";

export interface InstanceLock {
  release(): void;
}

/**
 * Takes the lock or throws `ERR_LOCKED`. SQLite's own file lock is used because it behaves the same on every system and vanishes with
 * its holder, which a file with a process id in it does not.
 */
export function takeLock(file: string): InstanceLock {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode=DELETE");
    lock.prepare("BEGIN EXCLUSIVE").run();
  } catch (error) {
    lock.close();
    throw new AgentError("ERR_LOCKED", "another tiersync is at work on this home folder", { cause: error });
  }
  return {
    release: () => {
      if (lock.isTransaction) lock.prepare("ROLLBACK").run();
      lock.close();
    },
  };
}
