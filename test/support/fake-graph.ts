/** A Graph client whose network is a function, for answers that a real server would not give on demand. */

import type { Call } from "../../src/entra/call.ts";
import { connect } from "../../src/entra/connection.ts";
import type { EntraOptions, Fetch } from "../../src/entra/options.ts";
import { silentLogger } from "./silent-logger.ts";

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

export type Answer = (request: SentRequest, index: number) => Response | Promise<Response>;

export interface FakeGraphOptions extends Partial<EntraOptions> {
  /** Answers of the token endpoint; `token-1`, `token-2`… when absent. */
  readonly token?: (index: number) => Response;
}

/** `sent` holds the requests to Graph, `waits` the pauses asked for; the clock stands still but for those. */
export function fakeGraph(answer: Answer, options: FakeGraphOptions = {}) {
  const sent: SentRequest[] = [];
  const waits: number[] = [];
  let tokens = 0;
  let now = Date.parse("2026-03-02T08:00:00Z");
  const fetch: Fetch = async (url, init) => {
    if (url.includes("/oauth2/")) {
      tokens += 1;
      return options.token?.(tokens) ?? json({ access_token: `token-${tokens}`, expires_in: 3599 });
    }
    const request = {
      method: init?.method ?? "GET",
      url,
      headers: new Headers(init?.headers),
      body: typeof init?.body === "string" ? init.body : "",
    };
    sent.push(request);
    return answer(request, sent.length - 1);
  };
  const connection = connect({
    tenantId: "contoso.example",
    clientId: "app",
    credential: { kind: "secret", read: async () => "secret" },
    cloud: { authority: "http://127.0.0.1:9", graph: "http://127.0.0.1:9" },
    fetch,
    clock: { now: () => now },
    logger: silentLogger,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
    ...options,
  });
  const { tokens: tokenSource, reader } = connection;
  return { reader, tokenSource, sent, waits, tokens: () => tokens, now: () => now };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

export function call(overrides: Partial<Call> = {}): Call {
  return { what: "reading", signal: new AbortController().signal, deadline: null, ...overrides };
}
