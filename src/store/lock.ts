/** One instance per home: a lock that the operating system frees when its process dies. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AgentError } from "../errors.ts";
import { fileAt } from "./file-at.ts";
import { DISK_FULL, fileErrors, isBusy, isFull } from "./store-errors.ts";

export interface InstanceLock {
  /**
   * Before anything is done under it: a lock whose file was deleted keeps nobody out, and is taken anew. Throws `ERR_LOCKED` where another
   * file is in its place: another instance may have been at work since.
   */
  assertHeld(): void;
  release(): void;
}

/**
 * Takes the lock or throws `ERR_LOCKED`; `ERR_STORE` when that cannot be found out. SQLite's own file lock is used because it behaves the
 * same on every system and vanishes with its holder, which a file with a process id in it does not.
 */
export function takeLock(file: string): InstanceLock {
  let held = acquire(file);
  return {
    assertHeld: () => {
      const found = fileAt(file);
      if (found !== null && found === held.at) return;
      if (found !== null) {
        throw new AgentError("ERR_LOCKED", `the lock ${file} was replaced: another tiersync may be at work here`, {
          hint: "let one of the two end, and restart the other; the lock is no file to delete while one runs",
        });
      }
      const lost = held;
      held = acquire(file);
      lost.release();
    },
    release: () => held.release(),
  };
}

function acquire(file: string): { readonly at: string | null; readonly release: () => void } {
  fileErrors(dirname(file), () => mkdirSync(dirname(file), { recursive: true, mode: 0o700 }));
  const lock = open(file);
  try {
    lock.exec("PRAGMA journal_mode=DELETE");
    lock.prepare("BEGIN EXCLUSIVE").run();
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw unusable(file, error);
    throw new AgentError("ERR_LOCKED", "another tiersync is at work on this home folder", { cause: error });
  }
  return {
    at: fileAt(file),
    release: () => {
      if (lock.isTransaction) lock.prepare("ROLLBACK").run();
      lock.close();
    },
  };
}

function open(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const hint = isFull(cause)
    ? DISK_FULL
    : "give the agent's account write access to the data folder; the lock holds nothing, so it may be deleted while no tiersync is at work here";
  return new AgentError("ERR_STORE", `the lock ${file} cannot be taken: ${why}`, { hint, cause });
}
