/** The parts of the status page. `html` escapes every value; `plainText` takes out what escaping leaves (direction marks, controls). */
import { html } from "hono/html";
import { counted } from "../model/counted.ts";
import { plainText } from "../model/plain-text.ts";
import type { TierUsage } from "../model/tier.ts";
import type { HoldView, StatusView, TenantStatus } from "../model/views.ts";
import type { Overview } from "./overview.ts";
import {
  counts,
  credential,
  delayed,
  distance,
  done,
  localTime,
  outcome,
  people,
  person,
  troubles,
} from "./wording.ts";

export type Markup = ReturnType<typeof html>;

const HELD_SHOWN = 50;
const ZOMBIES_SHOWN = 20;

export function headline(status: StatusView, now: number): Markup {
  const { nextRun, cron } = status.schedule;
  return html`<header>
<h1>tiersync <span class="state ${status.state}">${status.state}</span></h1>
<p class="muted">${nextRun === null ? "No next cycle" : html`Next cycle ${time(nextRun, now)} (${distance(nextRun, now)})`},
schedule <code>${plainText(cron)}</code> · ${counted(status.rules.rules, "rule")} in ${counted(status.rules.files, "file")}, read ${time(status.rules.loadedAt, now)}
· version ${status.version}, up since ${time(status.startedAt, now)}</p>
</header>`;
}

export function troubleSection({ status }: Overview): Markup | null {
  const found = troubles(status);
  if (found.length === 0) return null;
  const item = ({ subject, text, hint }: (typeof found)[number]) =>
    html`<li>${subject === "" ? null : html`<strong>${subject}</strong>: `}${text}${
      hint === "" ? null : html`<br><span class="hint">What to do: ${hint}</span>`
    }</li>`;
  return html`<section class="trouble"><h2>To see to</h2><ul>${found.map(item)}</ul></section>`;
}

export function holdSection({ holds }: Overview, now: number): Markup | null {
  if (holds.length === 0) return null;
  return html`<section class="held"><h2>Held until you approve</h2>${holds.map((hold) => holdArticle(hold, now))}</section>`;
}

function holdArticle(hold: HoldView, now: number): Markup {
  const id = plainText(hold.id);
  const shown = hold.actions.slice(0, HELD_SHOWN);
  const rows = shown.map(
    ({ kind, user, address, from, to, reason }) => html`<tr><td>${kind}</td><td>${plainText(address ?? user)}</td>
<td>${plainText(from ?? "nothing")} → ${plainText(to ?? "nothing")}</td><td>${plainText(reason)}</td></tr>`,
  );
  const more = hold.actions.length - shown.length;
  return html`<article>
<h3>${plainText(hold.tenant)}: ${counts(hold.kinds)}</h3>
<p class="muted">Since ${time(hold.since, now)}, expires ${time(hold.expiresAt, now)} (${distance(hold.expiresAt, now)})</p>
<p>Approve: <code>tiersync holds approve ${id}</code><br>Reject: <code>tiersync holds reject ${id}</code></p>
<details id="hold-${id}"><summary>Who is concerned</summary>
<div class="scroll"><table><caption class="hidden">Actions of hold ${id}</caption>
<thead><tr><th scope="col">Action</th><th scope="col">Person</th><th scope="col">Tier</th><th scope="col">Reason</th></tr></thead>
<tbody>${rows}</tbody></table></div>
${more > 0 ? html`<p>and ${more} more: <a href="/holds">/holds</a></p>` : null}
</details></article>`;
}

export function tenantSection(tenant: TenantStatus, now: number): Markup {
  const last = tenant.lastCycle;
  const late = delayed(tenant, now);
  return html`<section>
<h2>${plainText(tenant.name)}</h2>
<div class="scroll"><table>
<caption class="hidden">Seats of ${plainText(tenant.name)} by tier</caption>
<thead><tr><th scope="col">Tier</th><th scope="col" class="bar">Seats</th><th scope="col" class="number">Used</th>
<th scope="col" class="number">Bought</th><th scope="col" class="number">Free</th><th scope="col" class="number">Waiting</th></tr></thead>
<tbody>${tenant.tiers.toReversed().map(tierRow)}</tbody></table></div>
<dl>
<dt>People</dt><dd>${people(tenant.users)}</dd>
<dt>Last cycle</dt><dd>${
    last === null
      ? "none yet"
      : html`${time(last.startedAt, now)}, ${last.kind}, ${outcome(last)}${done(last) === "" ? "" : `: ${done(last)}`}`
  }</dd>
${late === null ? null : html`<dt>Next cycle</dt><dd>${late}</dd>`}
<dt>Credential</dt><dd>${credential(tenant.credential)}${
    tenant.credential?.thumbprint ? html` <code>${plainText(tenant.credential.thumbprint)}</code>` : null
  }</dd>
</dl>
</section>`;
}

function tierRow(tier: TierUsage): Markup {
  const { name, seats, used, free, overdraft, waiting } = tier;
  const percent = seats === 0 ? (used > 0 ? 100 : 0) : Math.min(100, (used / seats) * 100);
  const level = overdraft > 0 ? "over" : free === 0 ? "full" : "fine";
  return html`<tr><th scope="row">${plainText(name)}</th>
<td class="bar"><svg class="${level}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
<rect class="all" width="100" height="10"/><rect class="used" width="${percent.toFixed(1)}" height="10"/></svg></td>
<td class="number">${used}</td><td class="number">${seats}</td>
<td class="number">${overdraft > 0 ? html`<strong>${overdraft} too many</strong>` : free}</td>
<td class="number">${waiting > 0 ? html`<strong>${waiting}</strong>` : waiting}</td></tr>`;
}

export function waitingSection({ waiting }: Overview, now: number): Markup | null {
  if (waiting.length === 0) return null;
  const tables = waiting.map(({ tenant, first, more }) => {
    const rows = first.map(
      (
        view,
      ) => html`<tr><td class="place">${view.position ?? ""}</td><td>${person(view)}</td><td>${plainText(view.wanted ?? "")}</td>
<td>${plainText(view.tier ?? "nothing")}</td><td>${time(view.since, now)}</td></tr>`,
    );
    const rest = `/users?tenant=${encodeURIComponent(tenant)}&state=waiting`;
    return html`<div class="scroll"><table><caption>${plainText(tenant)}</caption>
<thead><tr><th scope="col" class="place">Place</th><th scope="col">Person</th><th scope="col">Waits for</th>
<th scope="col">Has</th><th scope="col">Since</th></tr></thead><tbody>${rows}</tbody></table></div>
${more > 0 ? html`<p>and ${more} more: <a href="${rest}">everybody who waits</a></p>` : null}`;
  });
  return html`<section><h2>Waiting for a seat</h2>${tables}</section>`;
}

export function zombieSection({ status }: Overview, now: number): Markup | null {
  const concerned = status.tenants.filter(({ zombieSeats }) => zombieSeats > 0);
  if (concerned.length === 0) return null;
  const tables = concerned.map(({ name, zombies, zombieSeats }) => {
    const shown = zombies.slice(0, ZOMBIES_SHOWN);
    const rows = shown.map(
      ({ id, address, tier, since }) => html`<tr><td>${plainText(address ?? id)}</td><td>${plainText(tier)}</td>
<td>${time(since, now)}</td></tr>`,
    );
    const more = zombieSeats - shown.length;
    return html`<div class="scroll"><table><caption>${plainText(name)}</caption>
<thead><tr><th scope="col">Person</th><th scope="col">Holds</th><th scope="col">Since</th></tr></thead>
<tbody>${rows}</tbody></table></div>
${more > 0 ? html`<p>and ${more} more: <code>tiersync export</code> lists them all</p>` : null}`;
  });
  return html`<section><h2>Seats of people who are gone</h2>
<p class="muted">Deleted in Entra or in no group any more: no rule takes these back. <code>tiersync accounts revoke ADDRESS</code> does.</p>
${tables}</section>`;
}

export function cycleSection({ cycles }: Overview, now: number): Markup {
  const rows = cycles.map(
    (cycle) => html`<tr><td>${time(cycle.startedAt, now)}</td><td>${plainText(cycle.tenant)}</td><td>${cycle.kind}</td>
<td class="outcome ${cycle.outcome ?? "running"}">${outcome(cycle)}</td><td>${done(cycle)}</td></tr>`,
  );
  return html`<section><h2>Last cycles</h2>
${
  cycles.length === 0
    ? html`<p>None yet.</p>`
    : html`<div class="scroll"><table><caption class="hidden">Last cycles, newest first</caption>
<thead><tr><th scope="col">Started</th><th scope="col">Tenant</th><th scope="col">Kind</th><th scope="col">Outcome</th>
<th scope="col">Done</th></tr></thead><tbody>${rows}</tbody></table></div>`
}</section>`;
}

function time(iso: string, now: number): Markup {
  return html`<time datetime="${iso}">${localTime(iso, now)}</time>`;
}
