/** The Windows Event Log (Application): where Windows monitoring looks. The source is registered by `service install`. */

import { dlopen, ptr } from "bun:ffi";
import { execFileSync } from "node:child_process";
import { AgentError } from "../../errors.ts";
import type { EventLevel, EventLog } from "../event-log.ts";
import { lastError, platformError, wide } from "./win32.ts";

const advapi32 = dlopen("advapi32.dll", {
  RegisterEventSourceW: { args: ["ptr", "ptr"], returns: "u64" },
  DeregisterEventSource: { args: ["u64"], returns: "i32" },
  ReportEventW: { args: ["u64", "u16", "u16", "u32", "ptr", "u16", "u32", "ptr", "ptr"], returns: "i32" },
}).symbols;

/** Windows' event types; our event ids are 100 (error), 200 (warning) and 300 (info). */
const TYPE: Readonly<Record<EventLevel, { readonly type: number; readonly id: number }>> = {
  error: { type: 1, id: 100 },
  warning: { type: 2, id: 200 },
  info: { type: 4, id: 300 },
};
/** ReportEvent refuses longer texts. */
const LONGEST = 31_000;

/** Throws `ERR_PLATFORM`. */
export function openEventLog(source: string): EventLog {
  let handle = advapi32.RegisterEventSourceW(null, wide(source));
  if (handle === 0n) throw platformError("the Windows Event Log cannot be opened", lastError());
  return {
    report(level, text) {
      if (handle === 0n) return;
      const { type, id } = TYPE[level];
      // The viewer would take `%1` and `%%1` for inserts of its own.
      const line = wide(
        text
          .slice(0, LONGEST)
          .replaceAll("\0", "")
          .replace(/%(?=[\d%])/g, "% "),
      );
      advapi32.ReportEventW(handle, type, 0, id, null, 1, 0, new BigUint64Array([BigInt(ptr(line))]), null);
    },
    close() {
      if (handle !== 0n) advapi32.DeregisterEventSource(handle);
      handle = 0n;
    },
  };
}

const SOURCES = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application";

/**
 * Registers the source. Its messages come from Windows' own EventCreate.exe, whose message table has "%1" for the ids 1 to 1000:
 * the viewer then shows our text as it is, and no message library has to be installed. Throws `ERR_PLATFORM`.
 */
export function registerEventSource(source: string): void {
  const key = `${SOURCES}\\${source}`;
  const messages = "%SystemRoot%\\System32\\EventCreate.exe";
  reg(["add", key, "/v", "EventMessageFile", "/t", "REG_EXPAND_SZ", "/d", messages, "/f"]);
  reg(["add", key, "/v", "TypesSupported", "/t", "REG_DWORD", "/d", "7", "/f"]);
}

/** Forgets the source; one that is not registered is no error. */
export function unregisterEventSource(source: string): void {
  try {
    reg(["delete", `${SOURCES}\\${source}`, "/f"]);
  } catch {
    // not registered
  }
}

function reg(args: readonly string[]): void {
  const program = `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\reg.exe`;
  try {
    execFileSync(program, args, { stdio: "pipe", timeout: 30_000, windowsHide: true });
  } catch (error) {
    throw new AgentError("ERR_PLATFORM", `the registry refused "${args.slice(0, 2).join(" ")}"`, { cause: error });
  }
}
