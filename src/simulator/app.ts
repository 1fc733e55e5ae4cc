/** Simulated Entra and Graph as one Hono app: for `tiersync demo`, the tests and the benchmark. */
import { Hono } from "hono";
import { AccessTokens } from "./access-tokens.ts";
import { ReplayMemory } from "./client-assertion.ts";
import type { PageSizes } from "./exchange.ts";
import { answerInstead, spoil } from "./fault-answers.ts";
import { Faults, faultOf } from "./faults.ts";
import { createGraph } from "./graph.ts";
import { RequestLog } from "./request-log.ts";
import type { SimulatedTenant } from "./tenant.ts";
import { grantToken } from "./token-endpoint.ts";
import { refusalBody, TokenRefusal } from "./token-error.ts";

export interface SimulatorOptions {
  /** Order of batch answers; `Math.random` when absent. */
  readonly random?: () => number;
  readonly pageSizes?: Partial<PageSizes>;
}

export interface Simulator {
  /** Token endpoint and Graph; links carry the origin of the request. */
  readonly app: Hono;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly tokens: AccessTokens;
}

export function createSimulator(tenants: readonly SimulatedTenant[], options: SimulatorOptions = {}): Simulator {
  const faults = new Faults();
  const log = new RequestLog();
  const tokens = new AccessTokens();
  const now = () => tenants[0]?.clock.now() ?? Date.now();
  const token = { tenants, tokens, replays: new ReplayMemory(), resource: (origin: string) => origin };
  const pageSizes = { delta: 200, memberSlice: 500, ...options.pageSizes };
  const graph = createGraph({ tokens, faults, log, pageSizes, random: options.random ?? Math.random, now });

  const app = new Hono();
  app.post("/:tenant/oauth2/v2.0/token", async (c) => {
    const url = new URL(c.req.url);
    const named = c.req.param("tenant").toLowerCase();
    const tenant = tenants.find(({ id, domains }) => id === named || domains.includes(named));
    const at = tenant?.clock.now() ?? now();
    const met = faults.take(`POST ${url.pathname}`, "http");
    const answer = async () => {
      const trace = crypto.randomUUID();
      const correlation = c.req.header("client-request-id") ?? crypto.randomUUID();
      try {
        const aadsts = faultOf(met, "aadsts");
        if (aadsts) throw new TokenRefusal(aadsts.code, c.req.param("tenant"));
        return tokenAnswer(200, await grantToken(c.req.raw, c.req.param("tenant"), token), trace);
      } catch (error) {
        if (!(error instanceof TokenRefusal)) throw error;
        const { status, body } = refusalBody(error, { trace, correlation, now: at });
        return tokenAnswer(status, body, trace);
      }
    };
    if (faultOf(met, "never")) return new Promise<Response>(() => {});
    const response = answerInstead(met, url, at) ?? (await spoil(met, url, await answer()));
    response.headers.set("Date", new Date(at).toUTCString());
    const about = { at, service: "token", level: "http", tenant: tenant?.id ?? null, resourceUnits: 0 } as const;
    log.add({ ...about, method: "POST", path: url.pathname, status: response.status, headers: c.req.raw.headers });
    return response;
  });
  app.all("/v1.0/*", (c) => graph(c.req.raw));
  app.all("/:version/*", (c) => {
    const message = `Invalid version: ${c.req.param("version")}`;
    return c.json({ error: { code: "BadRequest", message } }, 400);
  });
  return { app, faults, log, tokens };
}

function tokenAnswer(status: number, body: string, trace: string): Response {
  const headers = {
    "Cache-Control": "no-store, no-cache",
    Pragma: "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "x-ms-request-id": trace,
  };
  return new Response(body, { status, headers });
}
