/** Why the rules say what they say of one person, rule by rule. */
import type { ObjectId, PersonFacts, ScopedGroup } from "../model/directory.ts";
import type { RuleTrace, Verdict } from "../model/verdict.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { compileCondition, UNREAD } from "./conditions.ts";
import { evaluate, inForce } from "./evaluate.ts";
import { leaves } from "./mentions.ts";
import { excludedBy, oddities, skipDetail } from "./skip.ts";
import type { BoundGroup, BoundRule, BoundRules, Condition, Rule, RuleSet } from "./types.ts";

/** How the person's groups hang together. */
export interface GroupGraph {
  readonly groups: readonly ScopedGroup[];
  readonly nesting: readonly { readonly parent: ObjectId; readonly child: ObjectId }[];
  /** Groups the person is in directly. */
  readonly direct: readonly ObjectId[];
}

/** One trace for each rule, highest priority first. */
export function explainRules(bound: BoundRules, known: PersonFacts, now: number, graph: GroupGraph): RuleTrace[] {
  const facts = withUnread(bound, known);
  const inScope = graph.direct.length > 0;
  const verdict: Verdict = inScope || facts.presence === "deleted" ? evaluate(bound, facts, now) : { kind: "none" };
  const paths = groupPaths(graph);
  return bound.rules.map((rule) => {
    const { ref, tier, priority } = rule;
    const trace = traceRule(bound, rule, facts, now, verdict, inScope);
    const matched = facts.presence === "present" && rule.matches(facts) === true;
    const groups = matched ? matchedGroups(rule.when, facts) : [];
    return { rule: ref, tier, priority, ...trace, paths: groups.flatMap(({ id }) => paths(id)) };
  });
}

/**
 * Attributes that the rules ask for and that nobody has read of this person: an edit asks for them first and no cycle has run since, or
 * the person had left every group by then. A cycle never evaluates such a person; whoever asks why gets to know it all the same.
 */
function withUnread(bound: BoundRules, facts: PersonFacts): PersonFacts {
  const unread: Record<string, unknown> = {};
  for (const leaf of bound.rules.flatMap((rule) => leaves(rule.when))) {
    const source = leaf.kind === "attribute" ? ATTRIBUTES.get(leaf.attribute)?.source : undefined;
    if (source?.kind === "user" && !(source.select in facts.properties)) unread[source.select] = UNREAD;
  }
  return { ...facts, properties: { ...facts.properties, ...unread } };
}

function traceRule(
  bound: BoundRules,
  rule: BoundRule,
  facts: PersonFacts,
  now: number,
  verdict: Verdict,
  inScope: boolean,
): Pick<RuleTrace, "outcome" | "why"> {
  if (facts.presence === "deleted") return { outcome: "no match", why: "the person is deleted in Entra" };
  if (!inForce(rule, now)) return { outcome: "not in force", why: forceText(rule, now) };
  const matches = rule.matches(facts);
  const why = decisive(rule.when, facts, matches);
  if (matches === false) return { outcome: "no match", why };
  if (!inScope) return { outcome: "no match", why: "the person is in no group in scope" };
  const excluded = excludedBy(rule, rule.revoking ? [] : oddities(facts, bound.mailboxSettings));
  if (excluded.length > 0) return { outcome: "skipped", why: skipDetail(rule, excluded) };
  if (matches === null) return { outcome: "unknown", why };
  switch (verdict.kind) {
    case "tier":
    case "revoke":
      if (isSame(verdict.rule, rule)) return { outcome: "won", why };
      return { outcome: "lost", why: `${why}; rule ${verdict.rule.name} comes first` };
    case "conflict": {
      const others = verdict.rules.filter((ref) => !isSame(ref, rule)).map(({ name }) => name);
      if (others.length < verdict.rules.length) {
        return { outcome: "lost", why: `${why}; conflict of equal priority with ${others.join(", ")}` };
      }
      return { outcome: "lost", why: `${why}; rules ${others.join(", ")} come first and disagree` };
    }
    default:
      return { outcome: "lost", why: `${why}; a rule that could come first is not decided yet` };
  }
}

function isSame(ref: BoundRule["ref"], rule: BoundRule): boolean {
  return ref.file === rule.ref.file && ref.line === rule.ref.line && ref.name === rule.ref.name;
}

function forceText({ from, until }: Rule<unknown>, now: number): string {
  const day = (instant: number) => new Date(instant).toISOString().replace("T00:00:00.000Z", "");
  return from !== null && now < from ? `in force from ${day(from)} on` : `in force until ${day(until ?? now)}`;
}

/** The condition that settled it, in words. */
function decisive(condition: Condition<BoundGroup>, facts: PersonFacts, result: boolean | null): string {
  switch (condition.kind) {
    case "group": {
      const { displayName } = condition.group;
      return result ? `in group ${displayName}` : `not in group ${displayName}`;
    }
    case "attribute":
      if (result === null) return `${condition.attribute} is not read yet`;
      return `${condition.attribute} ${result ? "fits" : "does not fit"}`;
    case "not": {
      const inner = result === null ? null : !result;
      return decisive(condition.of, facts, inner);
    }
    default: {
      const parts = condition.of.map((part) => ({ part, result: compileCondition(part)(facts) }));
      const telling = parts.filter((part) => part.result === result);
      const all = (condition.kind === "all") === (result === true);
      const shown = all ? telling : telling.slice(0, 1);
      return shown.map(({ part }) => decisive(part, facts, result)).join(" and ");
    }
  }
}

/** Groups of a condition that the person is in, except below a `not`. */
function matchedGroups(condition: Condition<BoundGroup>, facts: PersonFacts): BoundGroup[] {
  switch (condition.kind) {
    case "group":
      return facts.groups.has(condition.group.id) ? [condition.group] : [];
    case "attribute":
    case "not":
      return [];
    default:
      return condition.of.flatMap((part) => matchedGroups(part, facts));
  }
}

/** For a group: the shortest way down from it to each group the person is in directly, in display names. */
function groupPaths(graph: GroupGraph): (from: ObjectId) => string[][] {
  const names = new Map(graph.groups.map(({ id, displayName }) => [id, displayName]));
  const children = Map.groupBy(graph.nesting, ({ parent }) => parent);
  const direct = new Set(graph.direct);
  return (from) => {
    const found: string[][] = [];
    const seen = new Set([from]);
    const queue: ObjectId[][] = [[from]];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const last = next.at(-1) ?? from;
      if (direct.has(last)) found.push(next.map((id) => names.get(id) ?? id));
      for (const { child } of children.get(last) ?? []) {
        if (seen.has(child)) continue;
        seen.add(child);
        queue.push([...next, child]);
      }
    }
    return found;
  };
}

/** The next instant after `after` at which a rule begins or ceases to be in force; null: never. Epoch ms. */
export function nextBoundary(rules: BoundRules | RuleSet, after: number): number | null {
  const all =
    "rules" in rules ? rules.rules : rules.files.filter(({ enabled }) => enabled).flatMap((file) => file.rules);
  let next: number | null = null;
  for (const { from, until } of all as readonly Pick<Rule, "from" | "until">[]) {
    for (const instant of [from, until]) {
      if (instant !== null && instant > after && (next === null || instant < next)) next = instant;
    }
  }
  return next;
}
