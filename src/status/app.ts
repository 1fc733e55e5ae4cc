/** The status API: a Hono app over a `Console`. Serving it on loopback is the platform's business. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { methodNotAllowed } from "hono/method-not-allowed";
import { NONCE, secureHeaders } from "hono/secure-headers";
import type { Logger } from "../log.ts";
import { bearerToken, loopbackHostOnly, sameOriginPosts } from "./access.ts";
import type { Console, SubscribeToCycles } from "./console.ts";
import type { StatusApp, StatusEnv } from "./env.ts";
import { MAX_BODY_BYTES } from "./input.ts";
import { createMetrics } from "./metrics.ts";
import { lockedPage } from "./page.ts";
import { problem, problemOf } from "./problem.ts";
import { cycleRoutes } from "./routes/cycles.ts";
import { healthRoutes, OPEN_PATHS } from "./routes/health.ts";
import { holdRoutes } from "./routes/holds.ts";
import { overviewRoutes, wantsHtml } from "./routes/overview.ts";
import { peopleRoutes } from "./routes/people.ts";
import { telemetryRoutes } from "./routes/telemetry.ts";

export interface StatusAppOptions {
  readonly console: Console;
  /** The content of `keys/api.token`, read for each request that needs it; white space around it does not count. */
  readonly token: () => string;
  /** Ask for the token for GET too; `/healthz` and `/readyz` stay open. */
  readonly protectReads: boolean;
  /** Aborts when the agent stops: event streams end, health turns to 503. */
  readonly signal: AbortSignal;
  readonly progress: SubscribeToCycles;
  readonly version: string;
  /** Of this agent, ISO 8601 UTC: by it a client knows that it talks to the one it looks for. */
  readonly startedAt: string;
  readonly log: Logger;
  /** Epoch ms of this computer, for "in 3 min"; default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds between comment lines in `/events`; default 5000. */
  readonly pingMs?: number;
}

/** Every request and response is checked here first; what the paths answer stands in `routes/`. */
export function createStatusApp(options: StatusAppOptions): StatusApp {
  const { console: agent, token, protectReads, signal: shutdown, progress, version, log } = options;
  const app = new Hono<StatusEnv>();
  app.onError((error, c) => problemOf(c, error, log));
  app.notFound((c) => problem(c, 404, "ERR_NOT_FOUND", "there is nothing at this path", "see /openapi.json"));

  app.use(protectiveHeaders());
  app.use(async (c, next) => {
    await next();
    c.header("Cache-Control", "no-store");
  });
  app.use(loopbackHostOnly());
  app.use(methodNotAllowed({ app, onMethodNotAllowed }));
  app.use(sameOriginPosts());
  app.use(bearerToken({ token, protectReads, open: OPEN_PATHS, refuse }));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));

  healthRoutes(app, agent, { version, startedAt: options.startedAt }, shutdown);
  overviewRoutes(app, agent, options.now ?? Date.now);
  peopleRoutes(app, agent);
  cycleRoutes(app, agent);
  holdRoutes(app, agent);
  telemetryRoutes(app, createMetrics(agent, progress, version), version, {
    progress,
    shutdown,
    pingMs: options.pingMs ?? 5000,
  });
  return app;
}

function protectiveHeaders() {
  return secureHeaders({
    strictTransportSecurity: false, // plain HTTP on loopback
    xFrameOptions: "DENY",
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: [NONCE],
      scriptSrc: [NONCE],
      connectSrc: ["'self'"],
      imgSrc: ["data:"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  });
}

function onMethodNotAllowed(c: Context, methods: string[]): Response {
  c.header("Allow", methods.join(", "));
  return problem(c, 405, "ERR_BAD_REQUEST", `this path takes ${methods.join(", ")} only`);
}

function tooLarge(c: Context): Response {
  return problem(c, 413, "ERR_BAD_REQUEST", `the body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MB`);
}

function refuse(c: Context<StatusEnv>): Response | Promise<Response> {
  if (c.req.path === "/" && wantsHtml(c)) {
    c.header("WWW-Authenticate", 'Bearer realm="tiersync"');
    return c.html(lockedPage(new URL(c.req.url).origin, c.get("secureHeadersNonce")), 401);
  }
  return problem(c, 401, "ERR_UNAUTHORIZED", "the request has no valid token");
}
