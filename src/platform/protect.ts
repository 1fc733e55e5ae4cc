/**
 * Files that only the agent's account may read: private keys, secrets, the API token. On POSIX systems mode 0600 in a folder
 * of mode 0700; `Protection` is the seam for systems where modes mean nothing.
 */
import { chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { AgentError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";

/** How one operating system keeps a file to its owner. */
export interface Protection {
  /** Makes the folder if need be, and closes it to others. */
  closeFolder(folder: string): void;
  /** Throws `AgentError` `ERR_SECRET` when others can read the file. */
  assertPrivate(path: string): void;
}

const posix: Protection = {
  closeFolder(folder) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  },
  assertPrivate(path) {
    const { mode, uid } = statSync(path);
    const others = mode & 0o077;
    if (others !== 0) {
      throw new AgentError("ERR_SECRET", `${path} can be read by others (mode ${octal(mode)})`, {
        hint: `chmod 600 '${path}'`,
        facts: { file: path },
      });
    }
    const own = process.getuid?.();
    if (own !== undefined && own !== 0 && uid !== own) {
      throw new AgentError("ERR_SECRET", `${path} belongs to another account (uid ${uid})`, {
        hint: `chown ${own} '${path}'`,
        facts: { file: path },
      });
    }
  },
};

/** Windows: the access control list of the home folder decides; modes always read 0666 there. */
const windows: Protection = {
  closeFolder(folder) {
    mkdirSync(folder, { recursive: true });
  },
  assertPrivate() {},
};

const protection = process.platform === "win32" ? windows : posix;

export interface WriteProtectedOptions {
  /** Throws `ERR_EXISTS` instead of replacing a file. Default false. */
  readonly exclusive?: boolean;
}

/** Writes owner-only, whole or not at all. Throws `AgentError` `ERR_EXISTS` or `ERR_PLATFORM`. */
export function writeProtected(path: string, content: string | Uint8Array, options: WriteProtectedOptions = {}): void {
  try {
    protection.closeFolder(dirname(path));
    writeFileAtomic(path, content, { mode: 0o600, exclusive: options.exclusive ?? false });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (errno === "EEXIST") throw new AgentError("ERR_EXISTS", `${path} exists already`, { cause: error });
    throw new AgentError("ERR_PLATFORM", `${path} cannot be written (${errno})`, { cause: error });
  }
}

/** Reads what `writeProtected` wrote. Throws `AgentError` `ERR_SECRET`: missing, unreadable, or readable by others. */
export function readProtected(path: string): Uint8Array {
  try {
    protection.assertPrivate(path);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    const why = errno === "ENOENT" ? "does not exist" : `cannot be read (${errno})`;
    throw new AgentError("ERR_SECRET", `${path} ${why}`, { facts: { file: path, errno }, cause: error });
  }
}

export function readProtectedText(path: string): string {
  return new TextDecoder().decode(readProtected(path));
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}
