/** SQLite's and the file system's failures in the agent's words: what is wrong with which file, and what to do. */
import { AgentError } from "../errors.ts";

/** Runs `work` on the database `file`; its failures are `ERR_STORE`. */
export function storeErrors<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(file, error);
  }
}

/** A failure of the database `file` as `ERR_STORE`. Programming errors (bad SQL, wrong bindings) stay what they are. */
export function storeError(file: string, error: unknown): unknown {
  if (error instanceof AgentError || !(error instanceof Error)) return error;
  const hint = hintFor(error);
  if (hint === null) return error;
  return new AgentError("ERR_STORE", `the database ${file} failed: ${error.message}`, { hint, cause: error });
}

/** Runs `work` on files beside the database; what the operating system refuses is `ERR_STORE`. */
export function fileErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (error instanceof AgentError || code === undefined) throw error;
    const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
    const hint = full ? DISK_FULL : "give the agent's account write access to the data folder";
    throw new AgentError("ERR_STORE", `${path} cannot be written (${code})`, { hint, cause: error });
  }
}

/** Whether another connection holds what is asked for. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = primaryCode(error);
  return code === 5 || code === 6 || error.message.includes("database is locked");
}

/** Whether there is no space left. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && (primaryCode(error) === 13 || error.message.includes("database or disk is full"));
}

/** Whether a file that is needed cannot be opened or made. */
export function isUnopenable(error: unknown): boolean {
  return error instanceof Error && (primaryCode(error) === 14 || error.message.includes("unable to open"));
}

export const DISK_FULL = "free space on the disk; nothing was half-done";

function hintFor(error: Error): string | null {
  const primary = primaryCode(error);
  const says = (text: string): boolean => error.message.includes(text);
  if (isBusy(error)) return "another program holds the database: close it, then try again";
  if (isFull(error)) return DISK_FULL;
  // The agent asks for nothing that its schema does not have: a schema that lacks something was overwritten.
  const incomplete = says("no such column") || says("no such table");
  if (primary === 11 || primary === 26 || says("malformed") || says("not a database") || incomplete) {
    return "the file is damaged: stop the agent, move it away and put a backup (`tiersync backup`) in its place";
  }
  if (primary === 10 || says("disk I/O error")) return "the disk failed or is full: check it, then try again";
  if (primary === 8 || says("readonly database")) return "give the agent's account write access to the data folder";
  if (isUnopenable(error)) return "give the agent's account access to the data folder, and the right to write there";
  return null;
}

/** SQLite's primary result code ("Result and Error Codes"). */
function primaryCode(error: Error): number | null {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : null;
}
