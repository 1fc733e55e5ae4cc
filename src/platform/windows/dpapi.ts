/**
 * Windows' own encryption of secrets at rest (DPAPI), in machine scope: the service and the administrator who sets a secret are
 * different accounts. Any account of this machine could decrypt, so the access list of keys/ keeps the files from the others.
 */
import { dlopen, ptr } from "bun:ffi";
import { AgentError } from "../../errors.ts";
import { bytesAt, lastError, localFree, platformError, wide } from "./win32.ts";

const crypt32 = dlopen("crypt32.dll", {
  CryptProtectData: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "u32", "ptr"], returns: "i32" },
  CryptUnprotectData: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "u32", "ptr"], returns: "i32" },
}).symbols;

const UI_FORBIDDEN = 0x1;
const LOCAL_MACHINE = 0x4;
/** Keeps other programs' protected data from being taken for ours. */
const ENTROPY = new TextEncoder().encode("tiersync keys 1");
/** Stands for an empty array, which has no address. */
const NOTHING = new Uint8Array(1);

/** Encrypts so that only this machine can decrypt. Throws `ERR_PLATFORM`. */
export function protect(bytes: Uint8Array): Uint8Array {
  const out = emptyBlob();
  const label = wide("tiersync");
  const done = crypt32.CryptProtectData(
    blob(bytes),
    label,
    blob(ENTROPY),
    null,
    null,
    UI_FORBIDDEN | LOCAL_MACHINE,
    out,
  );
  if (done === 0) throw platformError("Windows could not protect a secret (DPAPI)", lastError());
  return taken(out);
}

/** Gives back what `protect` was given. Throws `ERR_SECRET`, naming `what`: made on another machine, damaged, or not ours. */
export function unprotect(bytes: Uint8Array, what: string): Uint8Array {
  const out = emptyBlob();
  const done = crypt32.CryptUnprotectData(blob(bytes), null, blob(ENTROPY), null, null, UI_FORBIDDEN, out);
  if (done === 0) {
    const code = lastError();
    throw new AgentError(
      "ERR_SECRET",
      `${what} was protected on another machine, or is damaged: Windows (DPAPI) cannot decrypt it here`,
      {
        hint: "protected files work only on the machine that made them: put the original file there again, or make a new one (`tiersync cert new`, `tiersync secret set`)",
        facts: { win32: code },
      },
    );
  }
  return taken(out);
}

/** DATA_BLOB: 32-bit length, padding, 64-bit address. */
type Blob = BigUint64Array;

function emptyBlob(): Blob {
  return new BigUint64Array(2);
}

/** Good for as long as the caller holds `bytes`. */
function blob(bytes: Uint8Array): Blob {
  return new BigUint64Array([BigInt(bytes.length), BigInt(ptr(bytes.length === 0 ? NOTHING : bytes))]);
}

/** Copies what Windows allocated, and gives the memory back. */
function taken([length = 0n, address = 0n]: Blob): Uint8Array {
  const bytes = bytesAt(address, Number(length & 0xffff_ffffn));
  localFree(address);
  return bytes;
}
