/** What the demo shows after its first cycle: who got what, who waits and why, and what to type. */
import type { CycleRecord } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import type { PersonView } from "../model/views.ts";
import { renderTiers } from "../plan/render.ts";
import type { RunningAgent } from "../running.ts";
import { cycleLines } from "./cycle-text.ts";
import type { CommandIo } from "./io.ts";
import { renderTable } from "./table.ts";

/** People shown of each state. */
const SHOWN = 5;

export function demoReport(
  running: RunningAgent,
  records: readonly CycleRecord[],
  io: CommandIo,
  { home, once }: { readonly home: string; readonly once: boolean },
): string {
  const status = running.status();
  const lines: string[] = ["", ...records.map((record) => cycleLines(record, io).trimEnd()), ""];
  for (const tenant of status.tenants) lines.push(...renderTiers(tenant.tiers), "");
  const { people } = running.agent.views;
  for (const [title, state] of [
    ["licensed", "licensed"],
    ["waiting, longest first", "waiting"],
    ["no licence", "unlicensed"],
    ["left out", "skipped"],
  ] as const) {
    const { items, next } = people({ state, limit: 1000 });
    if (items.length === 0) continue;
    const chosen = sample(items, state);
    lines.push(`${io.paint("bold", title)} (${items.length}${next === null ? "" : "+"})`);
    lines.push(
      renderTable(
        [{ title: "person" }, { title: "tier" }, { title: "why" }],
        chosen.map((person) => row(person)),
      ).trimEnd(),
    );
    if (items.length > chosen.length) lines.push(`  … and ${items.length - chosen.length} more`);
    lines.push("");
  }
  const url = `http://127.0.0.1:${running.port}`;
  const someone = people({ state: "waiting", limit: 1 }).items[0];
  lines.push(
    once ? "While the demo runs (without --once), look at it with:" : "Look at it, in another window or a browser:",
    `  curl ${url}/`,
    `  curl ${url}/status`,
    `  curl "${url}/users?state=waiting"`,
    ...(someone?.address == null ? [] : [`  curl ${url}/users/${encodeURIComponent(someone.address)}`]),
    `  curl "${url}/cycles?limit=3"`,
    ...(once ? [] : [`  curl -X POST -H "Authorization: Bearer $(cat ${home}/keys/api.token)" ${url}/sync`]),
  );
  return `${lines.join("\n")}\n`;
}

/** A few of each tier, so that the demo shows more than the first group's people. */
function sample(people: readonly PersonView[], state: PersonView["state"]): readonly PersonView[] {
  if (state === "waiting") return [...people].sort((a, b) => (a.position ?? 0) - (b.position ?? 0)).slice(0, SHOWN);
  const tiers = [...new Set(people.map(({ tier }) => tier))];
  const each = Math.max(1, Math.floor(SHOWN / tiers.length));
  return tiers.flatMap((tier) =>
    people.filter((person) => person.tier === tier).slice(0, tiers.length === 1 ? SHOWN : each + 1),
  );
}

function row({ displayName, address, tier, groups, reason, position }: PersonView): string[] {
  const through = groups.length === 0 ? "" : ` (in ${groups.join(", ")})`;
  const place = position === null ? "" : `, place ${position}`;
  return [plainText(displayName ?? address ?? ""), tier ?? "-", plainText(`${reason}${place}${through}`)];
}
