/** Rules of one tenant with every group name resolved against the groups that were read. */
import type { ErrorCode } from "../errors.ts";
import type { ScopedGroup } from "../model/directory.ts";
import type { Finding } from "../model/finding.ts";
import type { Tier } from "../model/tier.ts";
import { compileCondition } from "./conditions.ts";
import { compareFindings, errorAt } from "./findings.ts";
import { groupLookup, type Lookup } from "./group-lookup.ts";
import { isElsewhere, mentionedGroups, rulesFor } from "./mentions.ts";
import { suggestion } from "./nearest.ts";
import type { BoundGroup, BoundRule, BoundRules, Condition, GroupMention, Rule, RuleSet } from "./types.ts";

export interface BindContext {
  readonly tenant: string;
  readonly tiers: readonly Tier[];
  /** Every group in scope. */
  readonly groups: readonly ScopedGroup[];
  readonly mailboxSettings: boolean;
}

export type BindCode = Extract<
  ErrorCode,
  "ERR_CONFIG" | "ERR_GROUP_NOT_FOUND" | "ERR_GROUP_AMBIGUOUS" | "ERR_GROUP_HIDDEN"
>;

export interface BindResult {
  /** Null when anything does not resolve: an unknown group is never read as "nobody". */
  readonly bound: BoundRules | null;
  readonly findings: readonly Finding[];
  /** What to do about each of them, in the same order. */
  readonly remedies: ReadonlyMap<Finding, string>;
  /** The code under which to fail; null when bound. Of several, the first of the order of `BIND_CODES`. */
  readonly code: BindCode | null;
}

const BIND_CODES: readonly BindCode[] = [
  "ERR_CONFIG",
  "ERR_GROUP_NOT_FOUND",
  "ERR_GROUP_AMBIGUOUS",
  "ERR_GROUP_HIDDEN",
];

const TIER = "correct the rule, or add the tier to `tiers:` in tiersync.yaml";

export function bindRules(ruleSet: RuleSet, context: BindContext): BindResult {
  const lookup = groupLookup(context.groups);
  const told: [Finding, string][] = [];
  const codes = new Set<BindCode>();
  const resolve = (mention: GroupMention): BoundGroup => {
    const found: Lookup = lookup(mention);
    if (found.group !== null) return found.group;
    told.push([errorAt(mention.at, found.message), found.remedy]);
    codes.add(found.fault);
    return { id: "", displayName: "" };
  };

  const rules: BoundRule[] = [];
  for (const rule of rulesFor(ruleSet, context.tenant)) {
    const when = bindCondition(rule.when, resolve);
    const tier = context.tiers.find(({ name }) => name === rule.tier);
    if (tier === undefined) {
      told.push([unknownTier(rule, context.tiers, context.tenant), TIER]);
      codes.add("ERR_CONFIG");
    } else {
      rules.push({ ...rule, when, revoking: tier.kind === "revoking", matches: compileCondition(when) });
    }
  }
  const remedies = new Map(told.sort(([a], [b]) => compareFindings(a, b)));
  const findings = [...remedies.keys()];
  if (findings.length > 0) {
    const code = BIND_CODES.find((candidate) => codes.has(candidate)) ?? null;
    return { bound: null, findings, remedies, code };
  }
  const bound = { rules: rules.sort(byPriority), mailboxSettings: context.mailboxSettings };
  return { bound, findings, remedies, code: null };
}

export function unknownTier(rule: Pick<Rule, "tier" | "tierAt">, tiers: readonly Tier[], tenant: string): Finding {
  const names = tiers.map(({ name }) => name);
  return errorAt(rule.tierAt, `the tenant ${tenant} has no tier "${rule.tier}"${suggestion(rule.tier, names)}`);
}

function bindCondition(
  condition: Condition<GroupMention>,
  resolve: (mention: GroupMention) => BoundGroup,
): Condition<BoundGroup> {
  switch (condition.kind) {
    case "group":
      return { kind: "group", group: resolve(condition.group) };
    case "attribute":
      return condition;
    case "not":
      return { kind: "not", of: bindCondition(condition.of, resolve) };
    default:
      return { kind: condition.kind, of: condition.of.map((inner) => bindCondition(inner, resolve)) };
  }
}

function byPriority(a: BoundRule, b: BoundRule): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.ref.file !== b.ref.file) return a.ref.file < b.ref.file ? -1 : 1;
  return a.ref.line - b.ref.line;
}

/**
 * Errors for groups that rules name as members of the parent and that are not there. Groups named by id or with `anywhere` are left
 * out: they may exist without having been read yet.
 */
export function unknownMembers(ruleSet: RuleSet, context: BindContext): readonly Finding[] {
  const lookup = groupLookup(context.groups);
  const findings = mentionedGroups(ruleSet, context.tenant).flatMap((mention) => {
    const found = isElsewhere(mention) ? null : lookup(mention);
    return found !== null && found.group === null ? [errorAt(mention.at, found.message)] : [];
  });
  return findings.sort(compareFindings);
}
