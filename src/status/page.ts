/**
 * The status as a page. The server writes all of it, so it is complete without script; the script only fetches it afresh when
 * something happens. Nothing is loaded from elsewhere.
 */
import { html, raw } from "hono/html";
import type { Overview } from "./overview.ts";
import css from "./page.css" with { type: "text" };
import live from "./page-live.txt" with { type: "text" };
import {
  cycleSection,
  headline,
  holdSection,
  type Markup,
  tenantSection,
  troubleSection,
  waitingSection,
  zombieSection,
} from "./page-sections.ts";

/** `nonce` is the one that the response's Content-Security-Policy allows; `now`: epoch ms. */
export function statusPage(overview: Overview, now: number, nonce: string | undefined): Markup {
  const { status } = overview;
  const title = `tiersync: ${status.state}`;
  return document(
    title,
    nonce,
    html`<p id="live" class="muted" role="status"></p>
<p id="progress" class="muted"></p>
<main id="main" data-title="${title}">
${headline(status, now)}
${troubleSection(overview)}
${holdSection(overview, now)}
${status.tenants.map((tenant) => tenantSection(tenant, now))}
${waitingSection(overview, now)}
${zombieSection(overview, now)}
${cycleSection(overview, now)}
</main>
<footer>
<p class="muted">The same for programs: <a href="/status">status</a>, <a href="/users">users</a>, <a href="/cycles">cycles</a>,
<a href="/holds">holds</a>, <a href="/metrics">metrics</a>, <a href="/openapi.json">OpenAPI</a></p>
</footer>
<script nonce="${nonce ?? ""}">${raw(live)}</script>`,
  );
}

/** What a browser gets when reading needs the token: a browser cannot send it, so the page says what can. */
export function lockedPage(origin: string, nonce: string | undefined): Markup {
  return document(
    "tiersync: token needed",
    nonce,
    html`<main id="main">
<h1>tiersync</h1>
<section>
<h2>This agent shows its status to holders of its token only</h2>
<p><code>protectReads: true</code> is set in <code>tiersync.yaml</code>. A browser cannot send the token; on the agent's
computer, in an account that may read <code>keys/api.token</code>, use one of these:</p>
<pre>tiersync status</pre>
<pre>curl -H "Authorization: Bearer TOKEN" ${origin}/</pre>
<p><code>TOKEN</code> is the content of <code>keys/api.token</code> in the agent's home folder.
<a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a> are open.</p>
</section>
</main>`,
  );
}

function document(title: string, nonce: string | undefined, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce ?? ""}">${raw(css)}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
