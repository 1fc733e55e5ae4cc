/** The log that the operating system's monitoring reads besides the agent's own: the Windows Event Log. */
import process from "node:process";
import { deno } from "./runtime.ts";
import { SERVICE_NAME } from "./service.ts";

export type EventLevel = "error" | "warning" | "info";

export interface EventLog {
  /** Never throws: a log that cannot be written must not stop the agent. */
  report(level: EventLevel, text: string): void;
  close(): void;
}

/** Null where stderr goes to the system's log anyway (journald), and where Windows cannot be called (Deno). Throws `ERR_PLATFORM`. */
export async function openSystemEventLog(): Promise<EventLog | null> {
  if (process.platform !== "win32" || deno !== undefined) return null;
  return (await import("./windows/event-log.ts")).openEventLog(SERVICE_NAME);
}
