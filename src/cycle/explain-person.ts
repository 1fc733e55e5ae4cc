/** Why one person's state is what it is, from what the last cycle left. Reads only. */
import type { RuleTrace } from "../model/verdict.ts";
import { explainRules } from "../rules/explain.ts";
import { bindOrThrow } from "./bind.ts";
import { createEvaluator } from "./evaluate-people.ts";
import type { CycleParts } from "./settings.ts";

/** One trace for each rule, highest priority first; none for somebody the directory says nothing of any more. */
export function explainPerson(
  parts: Pick<CycleParts, "rules" | "settings" | "store">,
  id: string,
  now: number,
): readonly RuleTrace[] {
  const person = parts.store.people.person(id);
  if (person === null) return [];
  const graph = parts.store.people.groupGraph();
  const { bound } = bindOrThrow(parts, now);
  const facts = createEvaluator(bound, graph, { now, mailboxSettings: parts.settings.mailboxSettings }).facts(person);
  if (facts === null) return [];
  return explainRules(bound, facts, now, {
    groups: graph.groups,
    nesting: graph.nesting,
    direct: graph.direct(person.direct),
  });
}
