/** One HTTP exchange with a time limit, counted. */
import { setTimeout as delay } from "node:timers/promises";
import { networkProblem } from "../../model/network-problem.ts";
import { isRecord, stopReason, unanswered } from "./errors.ts";
import type { Fetch } from "./options.ts";

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly headers: Headers;
}

export interface Exchange {
  /** Throws `ERR_TARGET_UNREACHABLE`, or why the signal was aborted. Redirects are not followed. */
  send(url: string, init: RequestInit, what: string, signal: AbortSignal): Promise<Reply>;
  /** Made so far. */
  requests(): number;
}

export function createExchange(options: { readonly fetch: Fetch; readonly timeout: number }): Exchange {
  let requests = 0;
  return {
    requests: () => requests,
    send: async (url, init, what, signal) => {
      if (signal.aborted) throw stopReason(signal);
      requests += 1;
      const late = AbortSignal.timeout(options.timeout);
      try {
        const response = await options.fetch(url, {
          ...init,
          redirect: "manual",
          signal: AbortSignal.any([signal, late]),
        });
        return { status: response.status, body: parseObject(await response.text()), headers: response.headers };
      } catch (cause) {
        if (signal.aborted) throw stopReason(signal);
        const seconds = Math.round(options.timeout / 1000);
        const problem = networkProblem(cause);
        const why = late.aborted ? `no answer within ${seconds} s` : problem.why;
        const message = `${what}: ${new URL(url).host} could not be reached (${why})`;
        throw unanswered(message, { hint: problem.hint, cause, timedOut: late.aborted });
      }
    },
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** A timer that an abort ends early, with why it was aborted. */
export async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw stopReason(signal);
  }
}
