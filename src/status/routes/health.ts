/** `/healthz`: the process answers. `/readyz`: it does its work. For monitors, so open even with `protectReads`. */

import type { Console } from "../console.ts";
import type { StatusApp } from "../env.ts";

export const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

export function healthRoutes(
  app: StatusApp,
  agent: Console,
  self: { readonly version: string; readonly startedAt: string },
  shutdown: AbortSignal,
): void {
  app.get("/healthz", (c) => {
    const healthy = !shutdown.aborted;
    return c.json({ healthy, ...self }, healthy ? 200 : 503);
  });

  app.get("/readyz", (c) => {
    const readiness = agent.readiness();
    if (shutdown.aborted) return c.json({ ...readiness, ready: false, reason: "the agent is stopping" }, 503);
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
}
