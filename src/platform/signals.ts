/** Being asked to stop: Ctrl+C, a service manager, a closing console. */
import process from "node:process";

export interface StopSignals {
  /** Aborts at the first request to stop. */
  readonly signal: AbortSignal;
  /** Gives the signals back to the runtime. */
  dispose(): void;
}

/** SIGBREAK: Ctrl+Break; SIGHUP: the console window or the ssh session closes. */
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Turns the first request to stop into an abort; the second one ends the process at once with the code that a shell would see
 * (128 + the signal's number).
 */
export function stopSignals(onFirst?: (name: string) => void): StopSignals {
  const controller = new AbortController();
  const listener = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT_OF_SIGNAL[name] ?? 130);
    controller.abort();
    onFirst?.(name);
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}

const EXIT_OF_SIGNAL: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  SIGBREAK: 149,
};
