/** One person's synchronisation as text: each step, and what came of it. */
import { addressKey } from "../model/directory.ts";
import { plainText } from "../model/plain-text.ts";
import type { PersonView } from "../model/views.ts";
import { cycleLines } from "./cycle-text.ts";
import { ruleLines, seatLines } from "./explain-text.ts";
import type { CommandIo } from "./io.ts";
import type { SyncedUser } from "./sync-user.ts";

export function syncedText(synced: SyncedUser, io: Pick<CommandIo, "paint">): string {
  const { subject, before, after, record, whole } = synced;
  const name = subject.directory?.properties["displayName"] ?? after?.displayName ?? subject.id;
  const lines = [
    io.paint("bold", plainText(String(name))),
    step("id", `${subject.id} (tenant ${subject.tenant})`),
    step("directory", directoryText(synced)),
    step("before", before === null ? "nothing was known of this person" : stateText(before)),
    ...(record.outcome === "failed" ? [] : ruleSteps(synced, io)),
    step("done", doneText(synced)),
    ...heldLines(synced, io),
    ...(after === null ? [] : [step("after", stateText(after))]),
    "",
    ...(whole ? ["the agent on this home did a cycle of everybody:"] : []),
  ];
  return `${lines.join("\n")}\n${cycleLines(record, io)}`;
}

function step(title: string, text: string): string {
  return `${title.padEnd(9)}  ${plainText(text)}`;
}

function directoryText({ subject: { directory } }: SyncedUser): string {
  if (directory === null) return "not there: deleted in Entra";
  const { userPrincipalName, mail, accountEnabled, userType } = directory.properties;
  const text = (value: unknown): string[] => (typeof value === "string" && value !== "" ? [value] : []);
  const [login] = text(userPrincipalName);
  const other = text(mail).filter((address) => addressKey(address) !== addressKey(login ?? ""));
  const names = [...text(login), ...other.map((address) => `mail ${address}`)];
  return ["found", ...names, accountEnabled === false ? "disabled" : "enabled", ...text(userType)].join(", ");
}

function ruleSteps({ after }: SyncedUser, io: Pick<CommandIo, "paint">): string[] {
  if (after === null) return [step("groups", "in no group that the rules look at: there is nothing to do")];
  const { groups, rules } = after;
  const [title = "rules", ...traces] = ruleLines(rules, io);
  return [
    step("groups", groups.length === 0 ? "none in scope" : groups.join(", ")),
    title,
    ...traces,
    ...seatLines(after).map((line) => line.replace(/^(\w+) +/, (_, word: string) => `${word.padEnd(9)}  `)),
  ];
}

function stateText({ state, reason, tier, since }: PersonView): string {
  return `${state}: ${reason}; holds ${tier ?? "no licence"}; since ${since}`;
}

function doneText({ done, record, subject }: SyncedUser): string {
  const refused = record.failures.filter(({ user }) => user === subject.id);
  if (refused.length > 0) return refused.map(({ message, code }) => `refused: ${message} [${code}]`).join("; ");
  if (done.length === 0) return record.outcome === "failed" ? "nothing: the cycle failed" : "nothing to do";
  return done.map(({ type, tier }) => (tier === null ? type : `${type} ${tier}`)).join(", ");
}

function heldLines({ holds }: SyncedUser, io: Pick<CommandIo, "paint">): string[] {
  return holds.flatMap(({ id, reason, actions, expiresAt }) => [
    step("held", `${actions.map(({ kind }) => kind).join(", ")}: ${reason}`).replace(
      "held",
      io.paint("yellow", "held"),
    ),
    step("", `tiersync holds approve ${id}, or reject ${id}; until ${expiresAt}`),
  ]);
}
