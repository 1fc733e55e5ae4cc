/** For machines: metrics, the API's description, and what happens right now. */
import type { StatusApp } from "../env.ts";
import { cycleEvents, type EventOptions } from "../events.ts";
import type { Metrics } from "../metrics.ts";
import { openApiDocument } from "../openapi.ts";
import { problem } from "../problem.ts";

/** Streams open at once; each costs a timer and a buffer. */
const MAX_STREAMS = 32;

export function telemetryRoutes(app: StatusApp, metrics: Metrics, version: string, events: EventOptions): void {
  app.get("/metrics", async (c) => c.body(await metrics.scrape(), 200, { "Content-Type": metrics.contentType }));

  app.get("/openapi.json", (c) => c.json(openApiDocument(version)));

  let streams = 0;
  app.get("/events", (c) => {
    // Hono answers HEAD with GET's handler and drops the body: a stream would run on with nobody to read it.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    if (streams >= MAX_STREAMS)
      return problem(c, 503, "ERR_BAD_REQUEST", `${MAX_STREAMS} event streams are open already`);
    streams += 1;
    return cycleEvents(c, events, () => {
      streams -= 1;
    });
  });
}
