/** The few words that every call into Windows needs: wide strings, error texts, memory that Windows gave out. */
import { dlopen, toArrayBuffer } from "bun:ffi";
import { AgentError } from "../../errors.ts";

const kernel32 = dlopen("kernel32.dll", {
  GetLastError: { args: [], returns: "u32" },
  FormatMessageW: { args: ["u32", "ptr", "u32", "u32", "ptr", "u32", "ptr"], returns: "u32" },
  LocalFree: { args: ["u64"], returns: "u64" },
  lstrlenW: { args: ["u64"], returns: "i32" },
}).symbols;

/** Win32 error numbers that are told apart. */
export const ERROR = {
  ACCESS_DENIED: 5,
  INVALID_LEVEL: 124,
  SERVICE_ALREADY_RUNNING: 1056,
  SERVICE_DOES_NOT_EXIST: 1060,
  SERVICE_NOT_ACTIVE: 1062,
  SERVICE_SPECIFIC_ERROR: 1066,
  SERVICE_MARKED_FOR_DELETE: 1072,
} as const;

/** UTF-16 with a closing NUL. Keep a reference for as long as Windows may read it. */
export function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf16le");
}

/** The NUL-terminated UTF-16 text at an address; empty at address 0. */
export function textAt(address: bigint): string {
  const length = address === 0n ? 0 : kernel32.lstrlenW(address);
  if (length === 0) return "";
  return Buffer.from(bytesAt(address, length * 2)).toString("utf16le");
}

/** A copy of memory that Windows owns. */
export function bytesAt(address: bigint, length: number): Uint8Array {
  return length === 0 ? new Uint8Array() : new Uint8Array(toArrayBuffer(address, 0, length)).slice();
}

/** Gives back what Windows allocated with LocalAlloc. */
export function localFree(address: bigint): void {
  kernel32.LocalFree(address);
}

/** Must be asked for right after the call that failed. */
export function lastError(): number {
  return kernel32.GetLastError();
}

const FROM_SYSTEM = 0x1000;
const IGNORE_INSERTS = 0x200;

/** What Windows says about an error number, in its own language. */
function errorText(code: number): string {
  const buffer = Buffer.alloc(1024);
  const length = kernel32.FormatMessageW(FROM_SYSTEM | IGNORE_INSERTS, null, code, 0, buffer, buffer.length / 2, null);
  const text = buffer.toString("utf16le", 0, length * 2).trim();
  return text === "" ? `Windows error ${code}` : `${text} (Windows error ${code})`;
}

/** `ERR_PLATFORM` for a call that failed: what was tried, and what Windows answered. */
export function platformError(tried: string, code: number, hint?: string): AgentError {
  return new AgentError("ERR_PLATFORM", `${tried}: ${errorText(code)}`, {
    ...(hint === undefined ? {} : { hint }),
    facts: { win32: code },
  });
}
