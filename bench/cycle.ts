/** What the processes share that run cycles by themselves. */
import type { Configuration } from "../src/agent.ts";
import { loadHome } from "../src/config/load.ts";
import type { CycleRequest } from "../src/cycle/settings.ts";
import { createLogging, type Logging } from "../src/platform/logging.ts";

export function loadedHome(home: string): Configuration & { readonly logging: Logging } {
  const { config, rules, findings } = loadHome(home);
  if (config === null || rules === null) throw new Error(findings.map(({ message }) => message).join("\n"));
  const logging = createLogging({ home, level: "info", maxSize: 1_000_000, maxFiles: 2, stderr: "off" });
  return { config, rules, logging };
}

export function request(): CycleRequest {
  const signal = new AbortController().signal;
  return { trigger: "cli", full: false, pauses: true, suspicious: false, signal };
}
