/** The links of the chain between the Graph SDK and the network: bearer, retry, transport. */
import {
  type Context,
  GraphClientError,
  type Middleware,
  type MiddlewareOptions,
} from "@microsoft/microsoft-graph-client";
import type { Clock } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import { networkProblem } from "../model/network-problem.ts";
import { retryAfter } from "../model/retry-after.ts";
import { type Call, type Pause, stopped, withTimeout } from "./call.ts";
import { graphError, lacksRights, TRANSIENT_STATUSES } from "./graph-errors.ts";
import type { Fetch } from "./options.ts";
import type { TokenSource } from "./token.ts";

/** Tries after the first when Graph fails without saying how long to wait. */
const RETRIES = 3;

/** Hands the call to the links of the chain. */
export class CallContext implements MiddlewareOptions {
  readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }
}

abstract class Link implements Middleware {
  #next: Middleware | undefined;

  setNext(next: Middleware): void {
    this.#next = next;
  }

  abstract execute(context: Context): Promise<void>;

  protected async pass(context: Context): Promise<Response> {
    if (this.#next === undefined) throw new TypeError("the middleware chain ends before the transport");
    await this.#next.execute(context);
    return responseOf(context);
  }
}

/** Sends the token, a new one after a 401, and once per cycle a new one when rights are missing (consent shows in new tokens only). */
export class Bearer extends Link {
  readonly #tokens: TokenSource;
  /** The token that was given up in this cycle because rights were missing. */
  #givenUp: string | null = null;

  constructor(tokens: TokenSource) {
    super();
    this.#tokens = tokens;
  }

  begin(): void {
    this.#givenUp = null;
  }

  async execute(context: Context): Promise<void> {
    const call = callOf(context);
    const token = await this.#orWrap(this.#tokens.get(call));
    const response = await this.#send(context, token);
    if (response.status === 401) {
      await this.#send(context, await this.#orWrap(this.#tokens.renew(token, call)));
    } else if (response.status === 403 && lacksRights(peek(response))) {
      if (this.#givenUp !== null && this.#givenUp !== token) return;
      this.#givenUp = token;
      await this.#send(context, await this.#orWrap(this.#tokens.renew(token, call)));
    }
  }

  #send(context: Context, token: string): Promise<Response> {
    context.options = { ...context.options, headers: { ...headersOf(context), authorization: `Bearer ${token}` } };
    return this.pass(context);
  }

  async #orWrap(token: Promise<string>): Promise<string> {
    try {
      return await token;
    } catch (error) {
      throw wrapped(error);
    }
  }
}

/** The only place where a request is tried again: throttling up to the deadline, failures of the network or of Graph a few times. */
export class Retry extends Link {
  readonly #pause: Pause;
  readonly #clock: Clock;

  constructor(pause: Pause, clock: Clock) {
    super();
    this.#pause = pause;
    this.#clock = clock;
  }

  async execute(context: Context): Promise<void> {
    const call = callOf(context);
    let failures = 0;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.pass(context).then(
        (response) => ({ response }),
        (cause: unknown) => ({ cause }),
      );
      let told: number | null = null;
      let giveUp: AgentError;
      if ("response" in outcome) {
        const { response } = outcome;
        if (!TRANSIENT_STATUSES.has(response.status)) return;
        told = retryAfter(response.headers, this.#clock.now());
        if (response.status !== 429 && told === null) failures += 1;
        if (failures > RETRIES) return;
        const error = graphError(peek(response), call);
        giveUp = told === null ? error : throttled(error);
      } else {
        if (call.signal.aborted) throw wrapped(stopped(call));
        failures += 1;
        giveUp = unreachable(outcome.cause, call);
        if (failures > RETRIES) throw wrapped(giveUp);
      }
      await this.#pause(attempt, told, call, giveUp).catch((error: unknown) => {
        throw wrapped(error);
      });
    }
  }
}

/** Bodies as they were parsed. */
const bodies = new WeakMap<Response, { readonly json: unknown }>();

/** The JSON of a response of `Transport`, which has read it; undefined: it is empty or no JSON. */
export function bodyOf(response: Response): unknown {
  const body = bodies.get(response);
  if (body === undefined) throw new TypeError("a response whose body was not read");
  return body.json;
}

/** By the response itself: strings that are parsed from a text may keep the whole of it in memory. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    // A page of a proxy, or a text that was cut; what else can fail is the connection.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Sends a request by the given `fetch`, reads the whole body within the timeout, counts, and notes the server's clock. */
export class Transport extends Link {
  readonly #fetch: Fetch;
  readonly #timeout: number;
  sent = 0;
  serverTime: number | null = null;

  constructor(fetch: Fetch, timeout: number) {
    super();
    this.#fetch = fetch;
    this.#timeout = timeout;
  }

  async execute(context: Context): Promise<void> {
    const url = typeof context.request === "string" ? context.request : context.request.url;
    const { method, body } = context.options ?? {};
    const init = { method: method ?? "GET", headers: headersOf(context), redirect: "manual" as const };
    this.sent += 1;
    context.response = await withTimeout(this.#timeout, callOf(context), async (signal) => {
      const response = await this.#fetch(
        url,
        typeof body === "string" ? { ...init, body, signal } : { ...init, signal },
      );
      // Read here, so that a body which stalls or breaks off counts as a failed try.
      const json = await readJson(response);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) this.serverTime = date;
      bodies.set(response, { json });
      return response;
    });
  }
}

function callOf(context: Context): Call {
  const options = context.middlewareControl?.getMiddlewareOptions(CallContext);
  if (!(options instanceof CallContext)) throw new TypeError("a request without its call");
  return options.call;
}

function responseOf(context: Context): Response {
  if (context.response === undefined) throw new TypeError("the transport left no response");
  return context.response;
}

function headersOf(context: Context): Record<string, string> {
  return { ...(context.options?.headers as Record<string, string> | undefined) };
}

function peek(response: Response): { status: number; headers: Headers; body: unknown } {
  return { status: response.status, headers: response.headers, body: bodyOf(response) };
}

/** What the SDK lets through as it is; any other error loses its fields there. */
function wrapped(error: unknown): unknown {
  return error instanceof AgentError ? GraphClientError.setGraphClientError({ agentError: error }) : error;
}

/** A wait that would pass the deadline ends the call the same way whatever status asked for it. */
function throttled(error: AgentError): AgentError {
  return new AgentError("ERR_GRAPH_THROTTLED", error.message, { retryable: true, facts: error.facts });
}

function unreachable(cause: unknown, call: Call): AgentError {
  const { why, hint } = networkProblem(cause);
  return new AgentError("ERR_GRAPH_UNREACHABLE", `${call.what}: Microsoft Graph could not be reached: ${why}`, {
    ...(hint === null ? {} : { hint }),
    retryable: true,
    cause,
  });
}
