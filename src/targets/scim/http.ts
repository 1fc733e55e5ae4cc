/** Requests to the SCIM service: token, throttling, and which answers concern the whole service rather than one request. */
import { AgentError } from "../../errors.ts";
import { retryAfter } from "../../model/retry-after.ts";
import { createBearer } from "./bearer.ts";
import { type Answer, describeAnswer, forbidden, unreachable } from "./errors.ts";
import { createExchange, type Reply, sleepFor } from "./exchange.ts";
import type { ScimOptions } from "./options.ts";

const MEDIA_TYPE = "application/scim+json";
/** Times the service may ask one request to wait. */
const WAITS = 5;

export interface ScimRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL, with its query; ids encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** ETag for `If-Match`; null: none. */
  readonly version?: string | null;
  /** For errors: `creating the account`. */
  readonly what: string;
}

export interface ScimHttp {
  /**
   * Any answer that concerns this request only. Throws `ERR_TARGET_FORBIDDEN` (401, 403), `ERR_TARGET_UNREACHABLE` (network, time out, 5xx,
   * a wait that is too long; `statusCode` in its facts where there was an answer), or why the signal was aborted.
   */
  send(request: ScimRequest, signal: AbortSignal): Promise<Answer>;
  /** Secrets are read afresh from here on. */
  begin(): void;
  /** HTTP requests made so far, those for tokens included. */
  requests(): number;
}

export function createScimHttp(options: ScimOptions): ScimHttp {
  const { clock, patience = 60_000, sleep = sleepFor } = options;
  const exchange = createExchange({ fetch: options.fetch, timeout: options.requestTimeout ?? 30_000 });
  const bearer = createBearer(options.auth, exchange, clock);
  /** Told by the service, for all requests; epoch ms. */
  let pausedUntil = 0;

  const once = async (request: ScimRequest, token: string, signal: AbortSignal): Promise<Reply> => {
    const headers: Record<string, string> = {
      accept: `${MEDIA_TYPE}, application/json;q=0.9`,
      authorization: `Bearer ${token}`,
    };
    const init: RequestInit = { method: request.method, headers };
    if (request.body !== undefined) {
      headers["content-type"] = MEDIA_TYPE;
      init.body = JSON.stringify(request.body);
    }
    if (request.version) headers["if-match"] = request.version;
    const send = (): Promise<Reply> => exchange.send(options.url + request.path, init, request.what, signal);
    try {
      return await send();
    } catch (error) {
      // A kept connection that the other side has closed meanwhile; only what changes nothing is sent twice.
      if (request.method !== "GET" || !(error instanceof AgentError) || error.facts["network"] !== "failed")
        throw error;
      return await send();
    }
  };

  return {
    requests: exchange.requests,
    begin: bearer.begin,
    send: async (request, signal) => {
      let token = await bearer.get(signal);
      let renewed = false;
      for (let waits = 0; ; ) {
        const pause = pausedUntil - clock.now();
        if (pause > 0) await sleep(pause, signal);
        const reply = await once(request, token, signal);
        const { status, headers } = reply;
        const told = retryAfter(headers, clock.now());
        if (status === 429 || (status === 503 && told !== null)) {
          const wait = told ?? 1000 * 2 ** waits;
          waits += 1;
          if (wait > patience || waits > WAITS) throw throttled(request.what, status, wait);
          options.logger.debug("the licence system asks to wait {seconds} s", { seconds: Math.ceil(wait / 1000) });
          pausedUntil = Math.max(pausedUntil, clock.now() + wait);
          continue;
        }
        if (status === 401 && !renewed) {
          renewed = true;
          const other = await bearer.renew(token, signal);
          if (other === null) throw forbidden(request.what, reply);
          token = other;
          continue;
        }
        return classified(request.what, reply);
      }
    },
  };
}

function classified(what: string, { status, body, headers }: Reply): Answer {
  if (status === 401 || status === 403) throw forbidden(what, { status, body });
  // 501: the service lacks just this (RFC 7644 §3.12).
  if (status >= 500 && status !== 501) {
    throw unreachable(`${what} was answered ${describeAnswer({ status, body })}`, { statusCode: status });
  }
  if (status >= 300 && status < 400) {
    throw unreachable(`${what} was answered ${status}, a redirect; those are not followed`, { statusCode: status });
  }
  return { status, body, etag: headers.get("etag"), location: headers.get("location") };
}

function throttled(what: string, status: number, wait: number): AgentError {
  const seconds = Math.ceil(wait / 1000);
  return unreachable(`${what} was answered ${status}: the licence system asks to wait ${seconds} s`, {
    statusCode: status,
  });
}
