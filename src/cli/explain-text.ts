/** One person's explanation as text for people. What others wrote passes `plainText`. */
import { plainText } from "../model/plain-text.ts";
import type { RuleTrace } from "../model/verdict.ts";
import type { EventView, PersonExplanation } from "../model/views.ts";
import type { CommandIo } from "./io.ts";

type Paint = Pick<CommandIo, "paint">;

const STATE_COLOURS = {
  licensed: "green",
  waiting: "yellow",
  unlicensed: "dim",
  unmanaged: "dim",
  pending: "yellow",
  conflict: "red",
  skipped: "dim",
  error: "red",
} as const;

export function explanationText(person: PersonExplanation, io: Paint): string {
  const { state, reason, since, tier, wanted, groups, purgeAt, targetId } = person;
  const lines = [
    io.paint("bold", `${plainText(person.displayName ?? person.address ?? person.id)}`),
    field("id", `${person.id} (tenant ${person.tenant})`),
    field("address", person.address ?? "none"),
    field("state", `${state}: ${reason}`, io.paint(STATE_COLOURS[state], state)),
    field("since", since),
    field("holds", tier ?? "no licence"),
    field("wanted", wantedText(wanted, person)),
    ...seatLines(person),
    ...(purgeAt === null ? [] : [field("purge", `event logs are deleted for good at ${purgeAt}`)]),
    field("groups", groups.length === 0 ? "none in scope" : groups.join(", ")),
    field("account", targetId ?? "none"),
    "",
    ...ruleLines(person.rules, io),
    "",
    ...decisionLines(person.decisions),
  ];
  return `${lines.join("\n")}\n`;
}

/** `shown`: the first word, painted. */
function field(title: string, text: string, shown?: string): string {
  const plain = plainText(text);
  const [first = ""] = plain.split(":", 1);
  return `${title.padEnd(8)}  ${shown === undefined ? plain : shown + plain.slice(first.length)}`;
}

function wantedText(wanted: string | null, { rule }: PersonExplanation): string {
  if (wanted === null) return "nothing: no rule decides";
  return rule === null ? wanted : `${wanted}, by rule ${rule.name} (${rule.file}:${rule.line})`;
}

export function seatLines({ seat, position, wanted }: PersonExplanation): string[] {
  if (seat === null) return [];
  const over = seat.overdraft > 0 ? `, ${seat.overdraft} more used than bought` : "";
  const usage = `${seat.name}: ${seat.seats} bought, ${seat.used} used, ${seat.free} free, ${seat.waiting} waiting${over}`;
  return [
    field("seats", usage),
    ...(position === null ? [] : [field("queue", `place ${position} of those who wait for ${wanted ?? seat.name}`)]),
  ];
}

const OUTCOME_COLOURS = {
  won: "green",
  lost: "yellow",
  skipped: "yellow",
  unknown: "yellow",
  "no match": "dim",
  "not in force": "dim",
} as const;

/** One line for each rule, and the way through the groups; the first line is a title. */
export function ruleLines(rules: readonly RuleTrace[], io: Paint): string[] {
  if (rules.length === 0)
    return ["rules: nothing to say now (the person has left the directory, or a group of a rule is gone)"];
  const width = Math.max(...rules.map(({ rule }) => plainText(rule.name).length));
  return [
    "rules, highest priority first",
    ...rules.flatMap(({ rule, tier, priority, outcome, why, paths }) => [
      `  ${io.paint(OUTCOME_COLOURS[outcome], outcome.padEnd(12))}  ${plainText(rule.name).padEnd(width)}  ${plainText(tier)}, priority ${priority}: ${plainText(why)}`,
      ...paths.map((path) => `${" ".repeat(16)}through ${path.map(plainText).join(" > ")}`),
    ]),
  ];
}

function decisionLines(decisions: readonly EventView[]): string[] {
  if (decisions.length === 0) return ["nothing was done for this person yet"];
  return [
    "last decisions",
    ...decisions.map(({ at, type, tier, cycle }) =>
      plainText(`  ${at}  ${type}${tier === null ? "" : ` ${tier}`}${cycle === null ? "" : `  (cycle ${cycle})`}`),
    ),
  ];
}
