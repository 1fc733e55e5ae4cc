/** SQLite's write-ahead log as a file beside the database: what one that is left there says. */
import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";

/** Bytes of the log; 0: none, or an empty one. */
export function logSize(file: string): number {
  return sizeOf(`${file}-wal`);
}

/** Whether there is a log with content: somebody is at work on the database, or was killed. */
export function hasLog(file: string): boolean {
  return logSize(file) > 0;
}

/**
 * A log that a killed agent left, beside a database that has been put there since: SQLite would apply the one to the other. What
 * `tiersync backup` writes is told by its header ("Database File Format", offset 18): it has never been in WAL mode, as every database that
 * the agent has opened is.
 */
export function setAsideOldLog(file: string): void {
  if (!hasLog(file) || sizeOf(file) < 100) return;
  const header = new Uint8Array(20);
  const handle = openSync(file, "r");
  try {
    readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  if (header[18] !== 1) return;
  renameSync(`${file}-wal`, `${file}-wal.old`);
  rmSync(`${file}-shm`, { force: true });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
