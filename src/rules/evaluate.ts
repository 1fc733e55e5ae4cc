/**
 * What the rules say about one person. Pure, and the same for the same person, rules and time.
 *
 * A rule matches when it is in force, its condition holds, and it does not leave out people of this sort (`skip.ts`). Then:
 *
 *   highest matching priority           verdict
 *   one tier                            tier, or revoke when the tier is a revoking one
 *   several tiers                       conflict
 *   none, but one leaves them out       skipped
 *   none                                none
 *   not read yet, and it could change
 *   which tier comes out                unknown
 */
import type { PersonFacts } from "../model/directory.ts";
import type { RuleRef, Verdict } from "../model/verdict.ts";
import { excludedBy, oddities, skipDetail } from "./skip.ts";
import type { BoundRule, BoundRules, Rule } from "./types.ts";

const NONE: Verdict = { kind: "none" };
const DELETED: Verdict = { kind: "deleted" };

/** `now`: epoch ms, for `from` and `until`. Throws `ERR_INTERNAL` when a property it needs was not selected. */
export function evaluate(bound: BoundRules, facts: PersonFacts, now: number): Verdict {
  if (facts.presence === "deleted") return DELETED;
  let winner: BoundRule | null = null;
  let rivals: BoundRule[] | null = null;
  let open: BoundRule[] | null = null;
  let skipping: BoundRule | null = null;
  let maybeSkipping: BoundRule | null = null;
  let odd: ReturnType<typeof oddities> | null = null;

  for (const rule of bound.rules) {
    if (winner !== null && rule.priority < winner.priority) break;
    if (!inForce(rule, now)) continue;
    const matches = rule.matches(facts);
    if (matches === false) continue;
    if (!rule.revoking) {
      odd ??= oddities(facts, bound.mailboxSettings);
      if (odd.length > 0 && excludedBy(rule, odd).length > 0) {
        if (matches) skipping ??= rule;
        else maybeSkipping ??= rule;
        continue;
      }
    }
    if (matches === null) {
      open ??= [];
      open.push(rule);
    } else if (winner === null) {
      winner = rule;
    } else if (rule.tier !== winner.tier) {
      rivals ??= [winner];
      rivals.push(rule);
    }
  }

  if (winner === null) {
    if (open?.[0] !== undefined) return unknown(open[0]);
    if (skipping !== null) return skipped(skipping, excludedBy(skipping, odd ?? []));
    return maybeSkipping === null ? NONE : unknown(maybeSkipping);
  }
  if (rivals !== null) {
    const above = open === null ? undefined : openAbove(open, winner);
    return above === undefined ? { kind: "conflict", rules: rivals.map(({ ref }) => ref) } : unknown(above);
  }
  const other = open === null ? undefined : openElsewhere(open, winner);
  if (other !== undefined) return unknown(other);
  if (!winner.revoking) return verdictBy(winner);
  return { kind: "revoke", tier: winner.tier, rule: winner.ref, doubt: doubt(bound, facts, now) };
}

// Functions of their own, so that no closure is made for people of whom nothing is open.
function openAbove(open: readonly BoundRule[], { priority }: BoundRule): BoundRule | undefined {
  return open.find((rule) => rule.priority > priority);
}

function openElsewhere(open: readonly BoundRule[], { tier }: BoundRule): BoundRule | undefined {
  return open.find((rule) => rule.tier !== tier);
}

/** The same object for everybody: a hundred thousand people are decided by a handful of rules. */
const verdicts = new WeakMap<BoundRule, Verdict>();

function verdictBy(rule: BoundRule): Verdict {
  let verdict = verdicts.get(rule);
  if (verdict === undefined) {
    verdict = { kind: "tier", tier: rule.tier, rule: rule.ref };
    verdicts.set(rule, verdict);
  }
  return verdict;
}

/**
 * A paid tier's rule that holds for someone whose licence is taken. Logs are gone for good once purged, so a rule that only may hold, or
 * that leaves the person out for now, is doubt enough.
 */
function doubt(bound: BoundRules, facts: PersonFacts, now: number): RuleRef | null {
  const rule = bound.rules.find(
    (candidate) => !candidate.revoking && inForce(candidate, now) && candidate.matches(facts) !== false,
  );
  return rule?.ref ?? null;
}

function unknown({ ref }: BoundRule): Verdict {
  return { kind: "unknown", needs: "mailbox", detail: `rule ${ref.name} asks for the mailbox, which is not read yet` };
}

function skipped(rule: BoundRule, excluded: ReturnType<typeof excludedBy>): Verdict {
  return {
    kind: "skipped",
    why: excluded[0]?.why ?? "noAddress",
    detail: skipDetail(rule, excluded),
    rule: rule.ref,
    tier: rule.tier,
  };
}

/** Whether `now` is at or after `from` and before `until`. */
export function inForce(rule: Pick<Rule, "from" | "until">, now: number): boolean {
  return (rule.from === null || rule.from <= now) && (rule.until === null || now < rule.until);
}
