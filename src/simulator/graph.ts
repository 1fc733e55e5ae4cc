/** Graph v1.0: routes, authentication, headers and bookkeeping around the handlers. */
import type { AccessTokens, Caller } from "./access-tokens.ts";
import { answerBatch } from "./batch.ts";
import type { Exchange, PageSizes } from "./exchange.ts";
import { answerInstead, spoil } from "./fault-answers.ts";
import { type Fault, type Faults, faultOf } from "./faults.ts";
import { GraphFailure } from "./graph-error.ts";
import { createRoutes, wrongMethod } from "./graph-routes.ts";
import { MailboxGate } from "./mailbox-gate.ts";
import type { RequestLog } from "./request-log.ts";
import { resourceUnits } from "./resource-units.ts";

export interface GraphService {
  readonly tokens: AccessTokens;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly pageSizes: PageSizes;
  readonly random: () => number;
  readonly now: () => number;
}

const DIAGNOSTIC = JSON.stringify({ ServerInfo: { DataCenter: "Simulated", Slice: "E", Ring: "1", ScaleUnit: "001" } });
const TOO_CONCURRENT = new GraphFailure(
  429,
  "ApplicationThrottled",
  "Application is over its MailboxConcurrency limit.",
  { "Retry-After": "1" },
);

/** Answers any request below `/v1.0`. */
export function createGraph(service: GraphService): (request: Request) => Promise<Response> {
  const routes = createRoutes();
  const gate = new MailboxGate();
  const answer =
    (level: "http" | "batch") =>
    async (request: Request): Promise<Response> => {
      const url = new URL(request.url);
      const path = readable(url);
      const faults = service.faults.take(`${request.method} ${path}`, level);
      const found = service.tokens.find(bearer(request));
      const tenant = found?.caller.tenant ?? null;
      const now = tenant?.clock.now() ?? service.now();
      const about = { at: now, service: "graph", level, tenant: tenant?.id ?? null, method: request.method } as const;
      if (faultOf(faults, "never")) {
        service.log.add({ ...about, path, status: 0, resourceUnits: 0, headers: request.headers });
        return new Promise(() => {});
      }
      const leave = gate.enter(found?.caller.clientId ?? "", url.pathname);
      const respond = async () =>
        answerInstead(faults, url, now) ?? (await spoil(faults, url, await serve(request, url, found, faults, level)));
      const response = leave ? await respond().finally(leave) : refuse(TOO_CONCURRENT, request, now);
      const units = response.status < 400 && !url.pathname.endsWith("/$batch") ? resourceUnits(url) : 0;
      dress(response, request, now, units);
      service.log.add({ ...about, path, status: response.status, resourceUnits: units, headers: request.headers });
      return response;
    };
  const serve = async (
    request: Request,
    url: URL,
    found: { caller: Caller; expired: boolean } | null,
    faults: readonly Fault[],
    level: "http" | "batch",
  ): Promise<Response> => {
    try {
      const caller = authenticate(found);
      if (level === "http" && url.pathname === "/v1.0/$batch") {
        if (request.method !== "POST") throw wrongMethod();
        const { body, statuses } = await answerBatch(await request.text(), {
          base: `${url.origin}/v1.0`,
          authorization: request.headers.get("authorization") ?? "",
          answer: answer("batch"),
          lowerCaseHeaders: faultOf(faults, "batchLowerCaseHeaders") !== null,
          random: service.random,
        });
        const status = faultOf(faults, "batchFailedDependency") && statuses.includes(429) ? 424 : 200;
        return new Response(body, { status, headers: { "Content-Type": "application/json" } });
      }
      const exchange: Exchange = {
        ...{ caller, tenant: caller.tenant, url, origin: url.origin, headers: request.headers, faults },
        pageSizes: service.pageSizes,
      };
      return await routes.fetch(request, { exchange });
    } catch (error) {
      return refuse(error, request, found?.caller.tenant.clock.now() ?? service.now());
    }
  };
  return answer("http");
}

function authenticate(found: { caller: Caller; expired: boolean } | null): Caller {
  if (found && !found.expired) return found.caller;
  const authorize = 'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"';
  const header = `Bearer realm="", ${authorize}, client_id="00000003-0000-0000-c000-000000000000"`;
  const message = found ? "Lifetime validation failed, the token is expired." : "Access token is empty or invalid.";
  throw new GraphFailure(401, "InvalidAuthenticationToken", message, { "WWW-Authenticate": header });
}

function refuse(error: unknown, request: Request, now: number): Response {
  const failure =
    error instanceof GraphFailure ? error : new GraphFailure(500, "generalException", `simulator: ${String(error)}`);
  const requestId = crypto.randomUUID();
  const body = failure.body(requestId, request.headers.get("client-request-id") ?? requestId, now);
  const headers = { ...failure.headers, "Content-Type": "application/json", "request-id": requestId };
  return new Response(body, { status: failure.status, headers });
}

/** The headers that every answer of Graph bears. */
function dress(response: Response, request: Request, now: number, units: number): void {
  const { headers } = response;
  if (!headers.has("request-id")) headers.set("request-id", crypto.randomUUID());
  headers.set("client-request-id", request.headers.get("client-request-id") ?? headers.get("request-id") ?? "");
  headers.set("x-ms-ags-diagnostic", DIAGNOSTIC);
  headers.set("Date", new Date(now).toUTCString());
  if (response.status >= 400) return;
  headers.set("OData-Version", "4.0");
  headers.set("Cache-Control", "no-cache");
  if (units > 0) headers.set("x-ms-resource-unit", String(units));
}

function bearer(request: Request): string {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}

/** Path and query as people read them; the raw text when the percent-encoding is broken. */
function readable(url: URL): string {
  const raw = `${url.pathname}${url.search}`;
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    return raw;
  }
}
