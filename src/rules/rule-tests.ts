/** Runs the `tests:` of rule files against imagined people: no directory, no groups, nothing is read. */
import type { PersonFacts, ScopedGroup } from "../model/directory.ts";
import { formatFinding } from "../model/finding.ts";
import type { TierName } from "../model/tier.ts";
import type { Verdict } from "../model/verdict.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { bindRules } from "./bind.ts";
import type { CheckContext, TenantTiers } from "./check.ts";
import { evaluate } from "./evaluate.ts";
import { mentionedGroups } from "./mentions.ts";
import type { GroupMention, RuleSet, RuleTest } from "./types.ts";

export interface RuleTestResult {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly passed: boolean;
  readonly expected: TierName | null;
  /** What came out; null: no tier. */
  readonly actual: TierName | null;
  /** Tenant in which it came out so. */
  readonly tenant: string;
  /** What decided: `rule pro`, `no rule matches`… */
  readonly detail: string;
}

export interface RuleTestContext extends CheckContext {
  /** For `from` and `until`; epoch ms. */
  readonly now: number;
}

/**
 * One result per test of the files in force, with all the rules of each tenant that its file is for: what counts is what comes out for a
 * person. A test that fails in any tenant fails.
 */
export function runRuleTests(ruleSet: RuleSet, context: RuleTestContext): RuleTestResult[] {
  const runs = context.tenants.map((tenant) => ({ tenant: tenant.name, run: createRun(ruleSet, tenant, context) }));
  return ruleSet.files
    .filter(({ enabled }) => enabled)
    .flatMap((file) =>
      file.tests.flatMap((test) => {
        const fit = runs.filter(({ tenant }) => file.tenants === null || file.tenants.includes(tenant));
        const results = fit.map(({ run }) => run(test));
        return results.find(({ passed }) => !passed) ?? results[0] ?? [];
      }),
    );
}

function createRun(
  ruleSet: RuleSet,
  tenant: TenantTiers,
  context: RuleTestContext,
): (test: RuleTest) => RuleTestResult {
  const groups = imaginedGroups(ruleSet, tenant.name);
  const { name, tiers } = tenant;
  const { mailboxSettings, now } = context;
  const { bound, findings } = bindRules(ruleSet, { tenant: name, tiers, groups, mailboxSettings });
  return (test) => {
    const { file, line } = test.at;
    const base = { name: test.name, file, line, expected: test.tier, tenant: name };
    if (bound === null) return { ...base, passed: false, actual: null, detail: findings.map(formatFinding).join("; ") };
    const verdict = evaluate(bound, imaginedPerson(test, groups), now);
    const { tier, detail, decided } = outcome(verdict);
    return { ...base, passed: decided && tier === test.tier, actual: tier, detail };
  };
}

/** One group for each that a rule names. */
function imaginedGroups(ruleSet: RuleSet, tenant: string): ScopedGroup[] {
  const mentions = mentionedGroups(ruleSet, tenant);
  const groups = new Map<string, ScopedGroup>();
  const add = ({ name, id }: GroupMention, role: ScopedGroup["role"]) => {
    const key = groupKey(name ?? id ?? "");
    if (!groups.has(key))
      groups.set(key, { id: id ?? `name ${key}`, displayName: name ?? id ?? "", visibility: null, role });
  };
  for (const mention of mentions.filter(({ anywhere }) => !anywhere)) add(mention, "member");
  for (const mention of mentions.filter(({ anywhere }) => anywhere)) add(mention, "other");
  return [...groups.values()];
}

const groupKey = (name: string) => name.trim().normalize("NFC").toLowerCase();

/** What is left out is as with most people: an enabled member with an address and a mailbox of their own. */
function imaginedPerson(test: RuleTest, groups: readonly ScopedGroup[]): PersonFacts {
  const named = new Set(test.groups.map(groupKey));
  const properties: Record<string, unknown> = {};
  const mailbox: Record<"purpose" | "locale" | "timeZone", string | null> = {
    purpose: "user",
    locale: null,
    timeZone: null,
  };
  for (const { source } of ATTRIBUTES.values()) if (source.kind === "user") properties[source.select] = null;
  Object.assign(properties, {
    id: "00000000-0000-0000-0000-000000000000",
    accountEnabled: true,
    userType: "Member",
    mail: "someone@tenant.example",
    userPrincipalName: "someone@tenant.example",
  });
  for (const [name, value] of Object.entries(test.attributes)) {
    const [outer = name, inner] = name.split(".");
    if (outer === "mailbox") mailbox[inner as keyof typeof mailbox] = typeof value === "string" ? value : null;
    else if (inner === undefined) properties[name] = value;
    else properties[outer] = { ...(properties[outer] as Record<string, unknown> | null), [inner]: value };
  }
  return {
    id: String(properties["id"]),
    properties,
    mailbox,
    groups: new Set(
      groups.filter(({ id, displayName }) => named.has(groupKey(displayName)) || named.has(id)).map(({ id }) => id),
    ),
    presence: "present",
  };
}

/** The tier of a verdict and what decided; a conflict decides nothing, not even "no tier". */
function outcome(verdict: Verdict): { tier: TierName | null; detail: string; decided: boolean } {
  switch (verdict.kind) {
    case "tier":
    case "revoke":
      return { tier: verdict.tier, detail: `rule ${verdict.rule.name}`, decided: true };
    case "conflict":
      return {
        tier: null,
        detail: `conflict of ${verdict.rules.map(({ name }) => name).join(" and ")}`,
        decided: false,
      };
    case "skipped":
      return { tier: null, detail: verdict.detail, decided: true };
    case "unknown":
      return { tier: null, detail: verdict.detail, decided: false };
    default:
      return { tier: null, detail: "no rule matches", decided: true };
  }
}
