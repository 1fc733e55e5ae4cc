/** From stored people to candidates for the plan: what the rules say of each. */
import type { PersonFacts } from "../model/directory.ts";
import type { PreviousDecision } from "../model/person.ts";
import type { Verdict } from "../model/verdict.ts";
import { evaluate } from "../rules/evaluate.ts";
import { leaves } from "../rules/mentions.ts";
import type { BoundRules } from "../rules/types.ts";
import { EvaluatedPerson, type Known } from "./evaluated-person.ts";
import type { GroupGraph, StoredPerson } from "./store-ports.ts";

export interface Evaluator {
  /** Null for someone in no group in scope, or deleted, of whom nothing was ever decided and who has no account. */
  evaluate(person: StoredPerson): Known | null;
  facts(person: StoredPerson): PersonFacts | null;
}

export interface EvaluatorOptions {
  /** Graph's time; epoch ms. */
  readonly now: number;
  readonly mailboxSettings: boolean;
  /** How often somebody else changed a person's tier back, by person. */
  readonly contests?: ReadonlyMap<number, number>;
  /** False: whoever was refused before is tried at once rather than after the next pause. */
  readonly pauses?: boolean;
}

export function createEvaluator(rules: BoundRules, graph: GroupGraph, options: EvaluatorOptions): Evaluator {
  const { now, mailboxSettings, contests = new Map<number, number>(), pauses = true } = options;
  const names = createGroupNames(rules, graph);
  const facts = (person: StoredPerson): PersonFacts | null =>
    person.properties === null
      ? null
      : {
          id: person.id,
          properties: person.properties,
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
      return new EvaluatedPerson(person, {
        verdict: unlessContested(verdictOf(person, known, rules, now), contests.get(person.key) ?? 0),
        facts: known,
        present: !gone,
        mailboxRead: !mailboxSettings || person.mailbox !== "unread",
        previous: pauses ? person.previous : withoutPause(person.previous),
        groups: names(person.direct),
      });
    },
  };
}

function withoutPause(previous: PreviousDecision | null): PreviousDecision | null {
  const failure = previous?.failure ?? null;
  return previous === null || failure === null ? previous : { ...previous, failure: { ...failure, nextTryAt: 0 } };
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
