/** `/` for people, `/status` for programs. */
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { Console } from "../console.ts";
import type { StatusApp } from "../env.ts";
import { readQuery, tenantQuery } from "../input.ts";
import { readOverview } from "../overview.ts";
import { statusPage } from "../page.ts";
import { statusText } from "../text-view.ts";

/** Browsers ask for HTML by name; curl takes anything and gets text. */
export function wantsHtml(c: Context): boolean {
  const supports = ["text/plain", "text/html"];
  return accepts(c, { header: "Accept", supports, default: "text/plain" }) === "text/html";
}

export function overviewRoutes(app: StatusApp, agent: Console, now: () => number): void {
  app.get("/", (c) => {
    c.header("Vary", "Accept");
    const overview = readOverview(agent, readQuery(c, tenantQuery).tenant);
    if (wantsHtml(c)) return c.html(statusPage(overview, now(), c.get("secureHeadersNonce")));
    return c.text(statusText(overview, new URL(c.req.url).origin, now()));
  });

  app.get("/status", (c) => {
    return c.json(agent.status(readQuery(c, tenantQuery).tenant));
  });
}
