/** Times, durations and counts in words, for the text view and the page. Local time of this computer: people read it. */
import { counted } from "../model/counted.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { formatFinding } from "../model/finding.ts";
import { PERSON_STATES } from "../model/person.ts";
import { plainText } from "../model/plain-text.ts";
import type { CredentialView, PersonView, StatusView, TenantStatus } from "../model/views.ts";

const two = (n: number) => String(n).padStart(2, "0");

/** `22:30:05` today, else `2026-11-23 22:30`; `-` for null. */
export function localTime(iso: string | null, now: number): string {
  if (iso === null) return "-";
  const time = new Date(iso);
  const today = new Date(now);
  const day = (d: Date) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return day(time) === day(today) ? `${clock}:${two(time.getSeconds())}` : `${day(time)} ${clock}`;
}

/** `in 3 min`, `2 h ago`, `now`. */
export function distance(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const [n, unit] =
    size < 90
      ? [size, "s"]
      : size < 5400
        ? [size / 60, "min"]
        : size < 172_800
          ? [size / 3600, "h"]
          : [size / 86_400, "days"];
  return seconds > 0 ? `in ${Math.round(n)} ${unit}` : `${Math.round(n)} ${unit} ago`;
}

/** `212 ms`, `3.4 s`, `2 min 5 s` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

/** `40 revoke, 3 change`; empty when there is none. */
export function counts(of: Readonly<Partial<Record<string, number>>>): string {
  return Object.entries(of)
    .filter(([, n]) => n !== undefined && n > 0)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ");
}

/** `78 licensed, 3 waiting`; `nobody yet`. */
export function people(users: TenantStatus["users"]): string {
  return counts(Object.fromEntries(PERSON_STATES.map((state) => [state, users[state]]))) || "nobody yet";
}

/** `running`, `succeeded in 212 ms`, `failed after 3.4 s` */
export function outcome(cycle: CycleRecord): string {
  if (cycle.outcome === null) return "running";
  if (cycle.durationMs === null) return cycle.outcome;
  return `${cycle.outcome} ${cycle.outcome === "failed" ? "after" : "in"} ${duration(cycle.durationMs)}`;
}

/** `1 create, 1 assign; 40 revoke held; 2 people refused`; `nothing to do` */
export function done(cycle: CycleRecord): string {
  const held = counts(cycle.held);
  const refused = cycle.failures.length;
  const parts = [counts(cycle.actions), held && `${held} held`, refused > 0 && `${refused} refused`].filter(Boolean);
  if (parts.length > 0) return parts.join("; ");
  return cycle.outcome === "succeeded" ? "nothing to do" : "";
}

/** When the tenant's next cycle begins and why so late; null: at the next tick, as ever. */
export function delayed({ nextRun, slowedDown }: TenantStatus, now: number): string | null {
  if (slowedDown === null) return null;
  const when = nextRun === null ? "none" : `${localTime(nextRun, now)} (${distance(nextRun, now)})`;
  const why = `slowed down after ${counted(slowedDown.failures, "failure")} in a row`;
  return `${when}: ${why}; an edit, a new credential or POST /sync ends it`;
}

/** `certificate, 342 days left` */
export function credential(view: CredentialView | null): string {
  if (view === null) return "cannot be read";
  if (view.daysLeft === null) return view.kind;
  return view.daysLeft < 0 ? `${view.kind}, expired` : `${view.kind}, ${counted(view.daysLeft, "day")} left`;
}

/** `Ada Lovelace <ada@contoso.example>`, or as much of it as is known. */
export function person(view: Pick<PersonView, "id" | "displayName" | "address">): string {
  const name = plainText(view.displayName ?? "");
  const address = plainText(view.address ?? "");
  if (name !== "" && address !== "") return `${name} <${address}>`;
  return name || address || view.id;
}

export interface Trouble {
  /** Whom or what it concerns; empty: the agent as a whole. */
  readonly subject: string;
  readonly text: string;
  /** What to do; empty: the text says it. */
  readonly hint: string;
}

const FAILURES_SHOWN = 5;

/** Messages may be of several lines; they are shown as one. */
function oneLine(text: string): string {
  return plainText(text.replace(/\s+/g, " ").trim());
}

/** Everything that an admin should see to, gravest first: broken files, failed cycles, refused people, remarks. */
export function troubles(status: StatusView): readonly Trouble[] {
  const found: Trouble[] = [];
  const add = (subject: string, text: string, hint = "") => {
    found.push({ subject: oneLine(subject), text: oneLine(text), hint: oneLine(hint) });
  };
  for (const finding of status.rules.errors) {
    add(finding.level === "error" ? "rules and configuration" : "remark", formatFinding(finding));
  }
  for (const { name, lastCycle } of status.tenants) {
    if (lastCycle === null) continue;
    if (lastCycle.error !== null)
      add(name, `${lastCycle.error.message} (${lastCycle.error.code})`, lastCycle.error.hint);
    for (const { user, code, message } of lastCycle.failures.slice(0, FAILURES_SHOWN)) {
      add(`${name}, ${user}`, `${message} (${code})`);
    }
    const more = lastCycle.failures.length - FAILURES_SHOWN;
    if (more > 0) add(name, `${more} more people were refused; see /cycles/${lastCycle.id}`);
  }
  for (const warning of status.warnings) add("remark", warning);
  return found;
}
