/**
 * Who gets nothing unless a rule includes them: guests, disabled accounts, shared, room and equipment mailboxes, and people without
 * an address. Never asked for a revoking tier: a disabled leaver loses the licence like anybody else.
 *
 * A mailbox that is not read yet leaves nobody out: no account is created before it is read (the planner waits), and whoever has one
 * already stays a person like others until it turns out to be shared.
 */
import type { PersonFacts } from "../model/directory.ts";
import type { SkipReason } from "../model/verdict.ts";
import { readProperty } from "./conditions.ts";
import type { BoundRules, IncludeKind } from "./types.ts";

const SHARED_PURPOSES: ReadonlySet<string> = new Set(["shared", "room", "equipment"]);

/** How `include:` in a rule file calls them. */
const INCLUDE_NAMES: Readonly<Record<IncludeKind, string>> = {
  guests: "guests",
  disabled: "disabled",
  sharedMailbox: "sharedMailboxes",
};

interface Oddity {
  readonly why: SkipReason;
  /** Null: no rule can include them. */
  readonly include: IncludeKind | null;
  readonly words: string;
}

/** Everything about a person that leads to being skipped; empty for nearly everybody. */
export function oddities(facts: PersonFacts, mailboxSettings: boolean): readonly Oddity[] {
  const found: Oddity[] = [];
  if (isGuest(facts)) found.push({ why: "guest", include: "guests", words: "a guest" });
  const { mailbox } = facts;
  if (mailboxSettings && typeof mailbox === "object" && SHARED_PURPOSES.has(mailbox.purpose?.toLowerCase() ?? "")) {
    found.push({
      why: "sharedMailbox",
      include: "sharedMailbox",
      words: `a ${mailbox.purpose?.toLowerCase()} mailbox`,
    });
  }
  if (readProperty(facts, "accountEnabled") === false) {
    found.push({ why: "disabled", include: "disabled", words: "a disabled account" });
  }
  if (!readProperty(facts, "mail") && !readProperty(facts, "userPrincipalName")) {
    found.push({ why: "noAddress", include: null, words: "without mail and userPrincipalName" });
  }
  return found.length === 0 ? NOTHING_ODD : found;
}

const NOTHING_ODD: readonly Oddity[] = [];

function isGuest(facts: PersonFacts): boolean {
  const userType = readProperty(facts, "userType");
  return typeof userType === "string" && userType.toLowerCase() === "guest";
}

/** The oddities that a rule does not include. */
export function excludedBy(rule: BoundRules["rules"][number], odd: readonly Oddity[]): readonly Oddity[] {
  if (odd.length === 0 || rule.revoking) return NOTHING_ODD;
  return odd.filter(({ include }) => include === null || !rule.include.has(include));
}

/** `a guest and a disabled account; rule pro does not include them (include: [guests, disabled])` */
export function skipDetail(rule: BoundRules["rules"][number], excluded: readonly Oddity[]): string {
  const words = excluded.map((oddity) => oddity.words).join(" and ");
  if (excluded.some(({ include }) => include === null)) return words;
  const names = excluded.map(({ include }) => (include === null ? "" : INCLUDE_NAMES[include]));
  return `${words}; rule ${rule.ref.name} does not say include: [${names.join(", ")}]`;
}
