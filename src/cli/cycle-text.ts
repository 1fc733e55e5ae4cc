/** A cycle's record as text for people. */
import { ACTION_KINDS } from "../model/action.ts";
import { counted } from "../model/counted.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import type { CommandIo } from "./io.ts";

/** Most failures shown; the rest is counted. */
const SHOWN = 20;

export function cycleLines(record: CycleRecord, io: Pick<CommandIo, "paint">): string {
  const colour = record.outcome === "failed" ? "red" : record.outcome === "held" ? "yellow" : "green";
  const { token, graph, target } = record.requests;
  const seconds = ((record.durationMs ?? 0) / 1000).toFixed(1);
  const done = ACTION_KINDS.filter((kind) => record.actions[kind] > 0).map((kind) => `${record.actions[kind]} ${kind}`);
  const held = Object.entries(record.held).map(([kind, count]) => `${count} ${kind}`);
  const lines = [
    `${plainText(record.tenant)}: ${record.kind} cycle ${io.paint(colour, record.outcome ?? "running")} in ${seconds} s (${counted(token + graph + target, "request")})`,
  ];
  if (done.length > 0) lines.push(`  done  ${done.join(", ")}`);
  else if (record.outcome !== "failed") lines.push("  done  nothing to do");
  if (held.length > 0) lines.push(`  held  ${held.join(", ")}: see \`tiersync holds\``);
  for (const { user, code, message } of record.failures.slice(0, SHOWN)) {
    lines.push(`  ${io.paint("red", "refused")}  ${user}: ${plainText(message)} [${code}]`);
  }
  if (record.failures.length > SHOWN) lines.push(`  … and ${record.failures.length - SHOWN} more refused`);
  if (record.error !== null) {
    lines.push(`  ${io.paint("red", "error")}  ${plainText(record.error.message)} [${record.error.code}]`);
    lines.push(`  hint   ${plainText(record.error.hint)}`);
  }
  return `${lines.join("\n")}\n`;
}
