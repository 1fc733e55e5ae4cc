/**
 * Microsoft Graph through its JavaScript SDK with a middleware chain of our own: the SDK's default chain sends no token to plain-http
 * or custom hosts, retries on its own terms and has no timeouts. Answers are taken raw, so no status throws inside the SDK.
 */
import { Client, GraphClientError, ResponseType } from "@microsoft/microsoft-graph-client";
import { AgentError } from "../errors.ts";
import type { Call, Pause } from "./call.ts";
import { type GraphAnswer, graphError, incomplete } from "./graph-errors.ts";
import { Bearer, bodyOf, CallContext, Retry, Transport } from "./middleware.ts";
import type { EntraLimits, EntraOptions } from "./options.ts";
import type { TokenSource } from "./token.ts";

export interface GraphClient {
  /** The base URL without slash at the end. */
  readonly base: string;
  /** `path` is relative to the version and encoded: `/groups/…?$select=…`. Any status comes back; throttling was waited for. */
  get(path: string, call: Call): Promise<GraphAnswer>;
  post(path: string, body: unknown, call: Call): Promise<GraphAnswer>;
  /** A link that Graph gave, as a path for `get`. Throws `ERR_GRAPH_ORIGIN` when it leads elsewhere. */
  pathOf(link: string): string;
  /** A new cycle begins: one new token may be fetched again when Graph says that rights are missing. */
  begin(): void;
  /** HTTP requests sent, each try counted; a `$batch` is one. */
  requests(): number;
  /** Graph's clock by the last answer's `Date`; epoch ms, null before the first. */
  serverTime(): number | null;
}

const VERSION = "v1.0";

export function createGraphClient(
  options: EntraOptions,
  limits: EntraLimits,
  tokens: TokenSource,
  pause: Pause,
): GraphClient {
  const base = options.cloud.graph;
  const prefix = new URL(`${base}/${VERSION}/`);
  const bearer = new Bearer(tokens);
  const transport = new Transport(options.fetch, limits.requestTimeout);
  const middleware = [bearer, new Retry(pause, options.clock), transport];
  const client = Client.initWithMiddleware({ baseUrl: base, defaultVersion: VERSION, middleware });

  async function send(path: string, call: Call, body?: unknown): Promise<GraphAnswer> {
    const request = client
      // The SDK takes any "https://" inside a path for an absolute address.
      .api(path.replace(/:\/\//g, "%3A//"))
      .responseType(ResponseType.RAW)
      .middlewareOptions([new CallContext(call)])
      .headers({ accept: "application/json", "client-request-id": crypto.randomUUID() });
    try {
      const response: Response = await (body === undefined ? request.get() : request.post(body));
      return read(response, call);
    } catch (error) {
      // The SDK would wrap anything else and lose its fields.
      const inner: unknown = error instanceof GraphClientError ? error.customError?.agentError : undefined;
      throw inner instanceof AgentError ? inner : error;
    }
  }

  function read(response: Response, call: Call): GraphAnswer {
    const answer = { status: response.status, headers: response.headers, body: bodyOf(response) };
    if (response.ok && answer.body === undefined) {
      throw incomplete(call.what, "the answer of Microsoft Graph is cut or no JSON");
    }
    return answer;
  }

  return {
    base,
    get: (path, call) => send(path, call),
    post: (path, body, call) => send(path, call, body),
    pathOf: (link) => {
      const url = URL.canParse(link) ? new URL(link) : null;
      const inside = url !== null && url.origin === prefix.origin && url.pathname.startsWith(prefix.pathname);
      if (url === null || !inside || url.username !== "") {
        throw new AgentError(
          "ERR_GRAPH_ORIGIN",
          `Microsoft Graph at ${base} named a next page at ${url?.origin ?? "an address that is none"}`,
        );
      }
      return `/${url.pathname.slice(prefix.pathname.length)}${url.search}`;
    },
    begin: () => bearer.begin(),
    requests: () => transport.sent,
    serverTime: () => transport.serverTime,
  };
}

/** The body of a success; throws what the answer stands for otherwise. */
export function expectOk(answer: GraphAnswer, call: Call): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw graphError(answer, call);
}
