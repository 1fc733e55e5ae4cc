/** `holds`: what waits for a person's word. Approving and rejecting is in rule-on-hold.ts. */
import { type Hold, hasExpired } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import { holdView, kindCounts } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { chosenTenant } from "./export.ts";
import { openHomeReader } from "./home-reader.ts";
import { type CommandIo, outJson } from "./io.ts";
import { approveCommand, rejectCommand } from "./rule-on-hold.ts";

/** People shown of one hold; `--json` and `--verbose` show all. */
const SHOWN = 20;

/** Works beside a running agent; exit code 0 whether or not something is held. */
export async function holds(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const reader = await openHomeReader(options, io);
  try {
    const now = (tenant: string): number => reader?.now(tenant) ?? Date.now();
    const open = reader === null ? [] : reader.views.holds(chosenTenant(reader.views, options.tenant));
    if (options.json) outJson(io, { items: open.map(holdItem) });
    else if (open.length === 0) io.out("nothing is held\n");
    else {
      const limit = options.verbose ? Number.POSITIVE_INFINITY : SHOWN;
      io.out(open.map((hold) => holdText(hold, now(hold.tenant), limit, io)).join("\n"));
    }
  } finally {
    reader?.close();
  }
}

function holdItem(hold: Hold): object {
  const { id, tenant, kinds, since, expiresAt, actions } = holdView(hold);
  return { id, tenant, kinds, since, expiresAt, actions };
}

function holdText(hold: Hold, now: number, limit: number, io: Pick<CommandIo, "paint">): string {
  const kinds = Object.entries(kindCounts(hold.actions)).map(([kind, count]) => `${count} ${kind}`);
  const shown = hold.actions.slice(0, limit);
  const lines = [
    `${io.paint("bold", `hold ${hold.id}`)}  ${plainText(hold.tenant)}: ${io.paint("yellow", kinds.join(", "))}`,
    `  why      ${plainText(hold.reason)}`,
    `  since    ${hold.since}, ${lifetime(hold, now)}`,
    ...shown.map(({ kind, user, address, from, to }) =>
      plainText(`  ${kind.padEnd(7)}  ${user}  ${address ?? "no address"}  ${from ?? "-"} -> ${to ?? "-"}`),
    ),
    ...(hold.actions.length > shown.length ? [`  … and ${hold.actions.length - shown.length} more: --verbose`] : []),
    `  tiersync holds approve ${hold.id}`,
    `  tiersync holds reject ${hold.id}`,
  ];
  return `${lines.join("\n")}\n`;
}

function lifetime(hold: Hold, now: number): string {
  return hasExpired(hold, now)
    ? `expired ${hold.expiresAt}: held anew by the next cycle while its cause stays`
    : `expires ${hold.expiresAt}`;
}

export const holdsCommand = defineCommand({
  name: "holds",
  summary: "what is held until a person approves it",
  details:
    "Too much of one kind at once is held as a whole. A hold expires after 24 h and forms anew while its cause stays. Works while the agent runs.",
  examples: ["holds", "holds approve 3f9a0c11d2", "holds reject 3f9a0c11d2", "holds --json"],
  run: (options, io) => holds(options, io),
  subcommands: [approveCommand, rejectCommand],
});
