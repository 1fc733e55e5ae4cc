/**
 * Files that only the agent's account may read: private keys, secrets, the API token. On POSIX systems mode 0600 in a folder
 * of mode 0700; on Windows, where modes mean nothing, an access list on the folder, and encryption by the machine (DPAPI).
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { AgentError, fileFault } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { deno } from "./runtime.ts";
import { fromSealed, isSealed, toSealed } from "./sealed-text.ts";

/** How one operating system keeps a file to its owner. */
export interface Protection {
  /** Makes the folder if need be, and closes it to others. */
  closeFolder(folder: string): void;
  /** Throws `AgentError` `ERR_SECRET` when others can read the file. */
  assertPrivate(path: string): void;
  /** Gives a file that was just written to the account that its folder belongs to. */
  handOver(path: string): void;
  /** Encryption by the machine; null where files are kept as they are. */
  readonly machine: {
    encrypt(bytes: Uint8Array): Uint8Array;
    /** Throws `ERR_SECRET`, naming `path`. */
    decrypt(bytes: Uint8Array, path: string): Uint8Array;
  } | null;
}

const posix: Protection = {
  machine: null,
  /** What root writes (`sudo tiersync cert new`), the service's user must be able to read. */
  handOver(path) {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = statSync(dirname(path));
    if (uid !== 0) chownSync(path, uid, gid);
  },
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

/** Deno cannot call Windows: there the access list that the administrator gave the folder decides. */
const unprotected: Protection = {
  machine: null,
  closeFolder(folder) {
    mkdirSync(folder, { recursive: true });
  },
  assertPrivate() {},
  handOver() {},
};

async function protectionHere(): Promise<Protection> {
  if (process.platform !== "win32") return posix;
  return deno === undefined ? (await import("./windows/protection.ts")).windowsProtection : unprotected;
}

const protection = await protectionHere();

export interface WriteProtectedOptions {
  /** Throws `ERR_EXISTS` instead of replacing a file. Default false. */
  readonly exclusive?: boolean;
  /** Never encrypted: other programs read it too (curl the API token). Default false. */
  readonly plain?: boolean;
}

/** Writes owner-only, whole or not at all. Throws `AgentError` `ERR_EXISTS` or `ERR_PLATFORM`. */
export function writeProtected(path: string, content: string | Uint8Array, options: WriteProtectedOptions = {}): void {
  try {
    protection.closeFolder(dirname(path));
    const kept = options.plain === true ? content : sealed(content);
    writeFileAtomic(path, kept, { mode: 0o600, exclusive: options.exclusive ?? false });
    protection.handOver(path);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (errno === "EEXIST") throw new AgentError("ERR_EXISTS", `${path} exists already`, { cause: error });
    throw fileFault(error) ?? new AgentError("ERR_PLATFORM", `${path} cannot be written (${errno})`, { cause: error });
  }
}

/** Throws `AgentError` `ERR_SECRET`, with what to do, when others can read the file. */
export function assertPrivate(path: string): void {
  protection.assertPrivate(path);
}

/** Reads what `writeProtected` wrote. Throws `AgentError` `ERR_SECRET`: missing, unreadable, or readable by others. */
export function readProtected(path: string): Uint8Array {
  try {
    protection.assertPrivate(path);
    return opened(readFileSync(path), path);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    const why = errno === "ENOENT" ? "does not exist" : `cannot be read (${errno})`;
    const hint = unreadableHint(path, errno);
    const facts = { file: path, errno };
    throw new AgentError("ERR_SECRET", `${path} ${why}`, { ...(hint === null ? {} : { hint }), facts, cause: error });
  }
}

/** Null: what the code says in general is right. */
function unreadableHint(path: string, errno: string): string | null {
  if (errno === "EACCES" || errno === "EPERM")
    return "the agent's account must be able to read it; at a prompt use sudo, or an elevated one on Windows";
  if (errno !== "ENOENT" || !/\.pem$/i.test(path)) return null;
  return `make it, \`tiersync cert new ${basename(path).slice(0, -4)}\`, or correct the path in tiersync.yaml`;
}

export function readProtectedText(path: string): string {
  return new TextDecoder().decode(readProtected(path));
}

/**
 * Takes in what a person put into keys/ as it was: encrypts `*.pem` and `*.secret` in place. Gives the names of the files that it
 * encrypted, for the log; none where files are kept as they are. Throws `ERR_PLATFORM`.
 */
export function protectFolder(folder: string): string[] {
  if (protection.machine === null || !existsSync(folder)) return [];
  const plain = readdirSync(folder).filter((name) => {
    return /\.(pem|secret)$/i.test(name) && !isSealed(readFileSync(join(folder, name)));
  });
  for (const name of plain) writeProtected(join(folder, name), readFileSync(join(folder, name)));
  return plain;
}

function sealed(content: string | Uint8Array): string | Uint8Array {
  const { machine } = protection;
  if (machine === null) return content;
  return toSealed(machine.encrypt(typeof content === "string" ? new TextEncoder().encode(content) : content));
}

function opened(content: Uint8Array, path: string): Uint8Array {
  if (!isSealed(content)) return content;
  if (protection.machine !== null) return protection.machine.decrypt(fromSealed(content), path);
  throw new AgentError("ERR_SECRET", `${path} was protected by a Windows machine, and only that one can read it`, {
    hint: "bring the original file, or make a new one (`tiersync cert new`, `tiersync secret set`)",
    facts: { file: path },
  });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}
