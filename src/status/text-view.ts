/**
 * The status as text for `curl`, readable at 80 columns. Drawn in ASCII, for consoles that do not speak UTF-8; what others wrote
 * passes through `plainText`, so no name can move the cursor or forge a line.
 */
import { plainText } from "../model/plain-text.ts";
import type { TierUsage } from "../model/tier.ts";
import type { TenantStatus } from "../model/views.ts";
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

const WIDTH = 80;
const BAR = 30;
const ZOMBIES_SHOWN = 10;

/** `origin`: where the reader reached us, `http://127.0.0.1:8321`; `now`: epoch ms. Ends with a line break. */
export function statusText(overview: Overview, origin: string, now: number): string {
  const { status } = overview;
  const { nextRun } = status.schedule;
  const next = nextRun === null ? "no next cycle" : `next cycle ${localTime(nextRun, now)} (${distance(nextRun, now)})`;
  const blocks = [
    [`tiersync ${status.version} - ${status.state} - ${next}`],
    ...status.tenants.map((tenant) => tenantLines(tenant, overview, now)),
    section("to see to", troubleLines(overview)),
    section("held until you approve", holdLines(overview, origin, now)),
    section("seats of people who are gone", zombieLines(overview, now)),
    section("last cycles", cycleLines(overview, now)),
    section("more", [
      `  curl ${origin}/users  /users/ADDRESS  /cycles  /holds  /status`,
      `  curl -X POST -H "Authorization: Bearer TOKEN" ${origin}/sync`,
      "  TOKEN: the content of keys/api.token in the agent's home folder",
    ]),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function tenantLines(tenant: TenantStatus, overview: Overview, now: number): readonly string[] {
  const nameWidth = Math.min(16, Math.max(10, ...tenant.tiers.map(({ name }) => plainText(name).length)));
  const label = (text: string) => `  ${text.padEnd(nameWidth)} `;
  const last = tenant.lastCycle;
  const late = delayed(tenant, now);
  const lines = [
    plainText(tenant.name),
    ...tenant.tiers.toReversed().map((tier) => `${label(clip(plainText(tier.name), nameWidth))}${seats(tier)}`),
    ...wrap(label("people"), people(tenant.users)),
    ...wrap(label("credential"), credential(tenant.credential)),
    ...wrap(
      label("last cycle"),
      last === null
        ? "none yet"
        : [`${localTime(last.startedAt, now)} ${last.kind}, ${outcome(last)}`, done(last)].filter(Boolean).join(": "),
    ),
    ...(late === null ? [] : wrap(label("next cycle"), late)),
  ];
  const waiting = overview.waiting.find((list) => list.tenant === tenant.name);
  if (waiting === undefined) return lines;
  lines.push("  waiting for a seat");
  for (const view of waiting.first) {
    const keeps = view.tier === null ? "" : `, keeps ${plainText(view.tier)}`;
    const since = `since ${localTime(view.since, now)}${keeps}`;
    const place = `${String(view.position ?? "-").padStart(5)}  ${plainText(view.wanted ?? "?")}`;
    lines.push(`${clip(`${place}  ${person(view)}`, WIDTH - since.length - 2)}  ${since}`);
  }
  if (waiting.more > 0) {
    lines.push(`         and ${waiting.more} more: /users?tenant=${encodeURIComponent(tenant.name)}&state=waiting`);
  }
  return lines;
}

function seats({ seats: bought, used, overdraft, waiting }: TierUsage): string {
  const filled = bought === 0 ? (used > 0 ? BAR : 0) : Math.min(BAR, Math.ceil((used / bought) * BAR));
  const remarks = [
    overdraft > 0 ? `${overdraft} too many` : bought === used ? "full" : "",
    waiting > 0 ? `${waiting} waiting` : "",
  ].filter(Boolean);
  const numbers = `${String(used).padStart(4)} of ${bought}`;
  return [`[${"#".repeat(filled)}${"-".repeat(BAR - filled)}]${numbers}`, ...remarks].join(", ");
}

function troubleLines({ status }: Overview): readonly string[] {
  return troubles(status).flatMap(({ subject, text, hint }) => [
    ...wrap("  ! ", subject === "" ? text : `${subject}: ${text}`),
    ...(hint === "" ? [] : wrap("    -> ", hint)),
  ]);
}

function holdLines({ holds }: Overview, origin: string, now: number): readonly string[] {
  const lines = holds.flatMap((hold) => {
    const id = plainText(hold.id);
    const times = `since ${localTime(hold.since, now)}, expires ${distance(hold.expiresAt, now)}`;
    return [
      ...wrap("  ", `${id}  ${plainText(hold.tenant)}: ${counts(hold.kinds)}, ${times}`),
      `    tiersync holds approve ${id}`,
      `    tiersync holds reject ${id}`,
    ];
  });
  if (lines.length > 0) lines.push(`  who is concerned: curl ${origin}/holds`);
  return lines;
}

function zombieLines({ status }: Overview, now: number): readonly string[] {
  const lines = status.tenants.flatMap(({ name, zombies, zombieSeats }) => {
    const shown = zombies.slice(0, ZOMBIES_SHOWN).map(({ id, address, tier, since }) => {
      const when = `since ${localTime(since, now)}`;
      const who = `  ${plainText(name)}  ${plainText(tier)}  ${plainText(address ?? id)}`;
      return `${clip(who, WIDTH - when.length - 2)}  ${when}`;
    });
    const more = zombieSeats - shown.length;
    return more > 0 ? [...shown, `  ${plainText(name)}: and ${more} more, see tiersync export`] : shown;
  });
  if (lines.length > 0) lines.push("  -> tiersync accounts revoke ADDRESS takes one back");
  return lines;
}

function cycleLines({ cycles }: Overview, now: number): readonly string[] {
  return cycles.map((cycle) => {
    const line = `  ${localTime(cycle.startedAt, now)}  ${plainText(cycle.tenant)}  ${cycle.kind}  ${outcome(cycle)}  ${done(cycle)}`;
    return clip(line.trimEnd(), WIDTH);
  });
}

/** Shortens by whole characters as people see them; `~` marks the cut. */
function clip(text: string, width: number): string {
  const characters = [...new Intl.Segmenter().segment(text)];
  if (characters.length <= width) return text;
  return `${characters
    .slice(0, Math.max(0, width - 1))
    .map(({ segment }) => segment)
    .join("")}~`;
}

/** Breaks at spaces; further lines are indented like the first. A word longer than a line stays whole. */
function wrap(prefix: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && prefix.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((part, index) => `${index === 0 ? prefix : " ".repeat(prefix.length)}${part}`);
}
