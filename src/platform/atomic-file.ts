/** Writing a file so that a reader sees the old content or the new one, never a part, not even after a power cut. */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

export interface AtomicWriteOptions {
  /** POSIX mode, default 0o644 (less the umask). Without effect on Windows. */
  readonly mode?: number;
  /** Fails with EEXIST instead of replacing a file. Default false. */
  readonly exclusive?: boolean;
}

/** Throws what `node:fs` throws, with `path` as its path. */
export function writeFileAtomic(path: string, content: string | Uint8Array, options: AtomicWriteOptions = {}): void {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    const file = openSync(temporary, "wx", options.mode ?? 0o644);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (options.exclusive === true) linkSync(temporary, path);
    else renameSync(temporary, path);
  } catch (error) {
    // The temporary name means nothing to anybody.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
}

/** Makes the new name last; Windows cannot open folders and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
