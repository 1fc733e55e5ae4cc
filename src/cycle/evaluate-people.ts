/** From stored people to candidates for the plan: what the rules say of each. */
import type { Mailbox, PersonFacts, Profile } from "../model/directory.ts";
import type { Candidate } from "../model/person.ts";
import type { Verdict } from "../model/verdict.ts";
import { evaluate } from "../rules/evaluate.ts";
import { leaves } from "../rules/needs.ts";
import type { BoundRules } from "../rules/types.ts";
import type { GroupGraph, StoredPerson } from "./store-ports.ts";

/** A candidate with what is shown of the person. */
export interface Known extends Candidate {
  readonly displayName: string | null;
  readonly groups: readonly string[];
}

export interface Evaluator {
  /** Null for someone in no group in scope, or deleted, of whom nothing was ever decided and who has no account. */
  evaluate(person: StoredPerson): Known | null;
  facts(person: StoredPerson): PersonFacts | null;
}

export function createEvaluator(
  rules: BoundRules,
  graph: GroupGraph,
  now: number,
  mailboxSettings: boolean,
  contests: ReadonlyMap<number, number> = new Map(),
): Evaluator {
  const names = createGroupNames(rules, graph);
  const facts = (person: StoredPerson): PersonFacts | null =>
    person.properties === null
      ? null
      : {
          id: person.id,
          properties: JSON.parse(person.properties) as Record<string, unknown>,
          mailbox: person.mailbox,
          groups: graph.closure(person.direct),
          presence: person.presence,
        };
  return {
    facts,
    evaluate: (person) => {
      // An agent killed between the creation and what was to follow it leaves an account of which nothing was decided.
      const gone = person.direct === "" || person.presence === "deleted";
      if (gone && person.previous === null && person.account === null) return null;
      const known = facts(person);
      const verdict = unlessContested(verdictOf(person, known, rules, now), contests.get(person.key) ?? 0);
      const profile = known === null ? null : profileOf(known);
      const present = person.presence === "present" && person.direct !== "";
      return {
        key: person.key,
        id: person.id,
        address: present ? (profile?.address ?? null) : null,
        verdict,
        profile: present && profile !== null ? JSON.stringify(profile) : null,
        mailboxRead: !mailboxSettings || person.mailbox !== "unread",
        account: person.account,
        previous: person.previous,
        displayName: profile?.displayName ?? null,
        groups: names(person.direct),
      };
    },
  };
}

/** Changes back in a row after which the agent gives in. */
export const CONTESTED = 3;

function unlessContested(verdict: Verdict, times: number): Verdict {
  if (verdict.kind !== "tier" || times < CONTESTED) return verdict;
  return { kind: "contested", tier: verdict.tier, rule: verdict.rule, times };
}

function verdictOf(person: StoredPerson, facts: PersonFacts | null, rules: BoundRules, now: number): Verdict {
  if (person.presence === "deleted") return { kind: "deleted" };
  // Out of every group in scope: rules that look at attributes alone do not reach them either.
  if (person.direct === "") return { kind: "none" };
  if (facts !== null) return evaluate(rules, facts, now);
  // Not read is never "nobody": what the rules would say is open.
  return { kind: "unknown", needs: "properties", detail: "the person's properties are not read yet" };
}

/** Display names of the groups that can decide (members of the parent, and those that a rule names); the same array for the same key. */
function createGroupNames(rules: BoundRules, graph: GroupGraph): (direct: string) => readonly string[] {
  const shown = new Map(
    graph.groups
      .filter(({ role }) => role === "member" || role === "other")
      .map(({ id, displayName }) => [id, displayName]),
  );
  for (const rule of rules.rules) {
    for (const leaf of leaves(rule.when)) if (leaf.kind === "group") shown.set(leaf.group.id, leaf.group.displayName);
  }
  const cache = new Map<string, readonly string[]>();
  return (direct) => {
    let names = cache.get(direct);
    if (names === undefined) {
      names = [...graph.closure(direct)].flatMap((id) => shown.get(id) ?? []).sort();
      cache.set(direct, names);
    }
    return names;
  };
}

/** What the target is told of a person. */
function profileOf({ properties, mailbox }: PersonFacts): Profile {
  const text = (name: string): string | null => {
    const value = properties[name];
    return typeof value === "string" && value.trim() !== "" ? value : null;
  };
  const settings: Exclude<Mailbox, string> | null = typeof mailbox === "string" ? null : mailbox;
  return {
    userName: text("userPrincipalName"),
    address: text("mail") ?? text("userPrincipalName"),
    displayName: text("displayName"),
    givenName: text("givenName"),
    surname: text("surname"),
    language: settings?.locale ?? text("preferredLanguage"),
    timeZone: settings?.timeZone ?? null,
  };
}
