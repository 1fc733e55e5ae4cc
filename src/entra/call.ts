/** One call to Entra or Graph as its errors describe it, and how long it may wait. */
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { Sleep } from "./options.ts";

export interface Call {
  /** For errors: `reading the members of group 1234`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Epoch ms after which nothing may begin; null: only the signal tells. */
  readonly deadline: number | null;
}

/** Waits between tries; gives up with the error it is handed when the wait would pass the deadline. */
export type Pause = (attempt: number, told: number | null, call: Call, giveUp: AgentError) => Promise<void>;

/** Tries that Graph may ask for when no deadline is known. */
const TRIES_WITHOUT_DEADLINE = 10;

export function createPause(options: {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Longest single wait when no deadline is known; ms. */
  readonly patience: number;
}): Pause {
  return async (attempt, told, call, giveUp) => {
    // An answer that says "at once" again and again must not become a tight loop.
    const floor = attempt >= 2 ? backOff(attempt - 2) : 0;
    const wait = told === null ? backOff(attempt) : Math.max(told, floor);
    if (call.deadline === null) {
      if (wait > options.patience || attempt >= TRIES_WITHOUT_DEADLINE) throw giveUp;
    } else if (options.clock.now() + wait >= call.deadline) {
      throw giveUp;
    }
    try {
      await options.sleep(wait, call.signal);
    } catch {
      throw stopped(call, giveUp);
    }
  };
}

/** 0.5 s, 1 s, 2 s … at most 60 s, a quarter more or less so that tenants do not come back all at once. */
function backOff(attempt: number): number {
  return Math.min(60_000, 500 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/** Why the signal ended the call: the reason it bears, else `otherwise`, else the deadline. */
export function stopped(call: Call, otherwise?: AgentError): AgentError {
  const reason: unknown = call.signal.reason;
  if (reason instanceof AgentError && reason.code !== "ERR_DEADLINE") return reason;
  if (otherwise !== undefined) return otherwise;
  if (reason instanceof AgentError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new AgentError("ERR_DEADLINE", `${call.what}: the cycle's time was over`, { retryable: true });
  }
  return new AgentError("ERR_STOPPED", `${call.what}: stopped`, { retryable: true });
}

/** A timer that an abort ends early. */
export const sleepFor: Sleep = (ms, signal) => delay(ms, undefined, { signal });

/** Runs `work` with a signal that ends with the call's or after `ms`, whichever is first; then it rejects even if `work` goes on. */
export async function withTimeout<T>(ms: number, call: Call, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    controller.abort(reason);
    ended.reject(reason);
  };
  const onAbort = (): void => end(call.signal.reason);
  const timer = setTimeout(() => end(new DOMException("timed out", "TimeoutError")), ms);
  call.signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (call.signal.aborted) throw call.signal.reason;
    return await Promise.race([work(controller.signal), ended.promise]);
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener("abort", onAbort);
  }
}
