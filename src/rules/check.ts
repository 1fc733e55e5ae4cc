/** What can be said against rules by looking at the configuration, before any directory is read. */
import type { Finding } from "../model/finding.ts";
import type { Tier } from "../model/tier.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { unknownTier } from "./bind.ts";
import { compareFindings, errorAt, warningAt } from "./findings.ts";
import { leaves } from "./mentions.ts";
import { suggestion } from "./nearest.ts";
import type { RuleFile, RuleSet } from "./types.ts";

export interface TenantTiers {
  readonly name: string;
  readonly tiers: readonly Tier[];
}

export interface CheckContext {
  /** Every tenant of the configuration with its tiers. */
  readonly tenants: readonly TenantTiers[];
  readonly mailboxSettings: boolean;
}

/** Unknown tenants, tiers and attributes, mailbox conditions that can never be known, rule names that stand twice. */
export function checkRules(ruleSet: RuleSet, context: CheckContext): readonly Finding[] {
  const findings = ruleSet.files.flatMap((file) => [
    ...checkTenants(file, context),
    ...checkTiers(file, context),
    ...checkAttributes(file, context),
  ]);
  return [...findings, ...sameNames(ruleSet)].sort(compareFindings);
}

function checkTenants(file: RuleFile, context: CheckContext): Finding[] {
  const names = context.tenants.map(({ name }) => name);
  return (file.tenants ?? []).flatMap((tenant, i) => {
    const at = file.tenantsAt[i];
    if (names.includes(tenant) || at === undefined) return [];
    return [errorAt(at, `there is no tenant "${tenant}" in tiersync.yaml${suggestion(tenant, names)}`)];
  });
}

/** A tier must exist in every tenant that the file is for. */
function checkTiers(file: RuleFile, context: CheckContext): Finding[] {
  const tenants = context.tenants.filter(({ name }) => file.tenants === null || file.tenants.includes(name));
  const mentions = [
    ...file.rules,
    ...file.tests.flatMap(({ tier, tierAt }) => (tier === null ? [] : [{ tier, tierAt }])),
  ];
  return mentions.flatMap((mention) => {
    const lacking = tenants.find(({ tiers }) => !tiers.some(({ name }) => name === mention.tier));
    return lacking === undefined ? [] : [unknownTier(mention, lacking.tiers, lacking.name)];
  });
}

function checkAttributes(file: RuleFile, context: CheckContext): Finding[] {
  return file.rules.flatMap((rule) =>
    leaves(rule.when).flatMap((leaf): Finding[] => {
      if (leaf.kind !== "attribute") return [];
      const attribute = ATTRIBUTES.get(leaf.attribute);
      if (attribute === undefined) {
        const hint = suggestion(leaf.attribute, [...ATTRIBUTES.keys()]);
        return [errorAt(leaf.at, `"${leaf.attribute}" is no attribute that rules can use${hint}`)];
      }
      if (attribute.source.kind === "user" || context.mailboxSettings) return [];
      return [errorAt(leaf.at, `${attribute.name} is never read: tiersync.yaml says \`mailboxSettings: false\``)];
    }),
  );
}

/** Within a file a repeated name is an error of the file; over files it only makes reports hard to read. */
function sameNames(ruleSet: RuleSet): Finding[] {
  const first = new Map<string, string>();
  return ruleSet.files
    .filter(({ enabled }) => enabled)
    .flatMap((file) =>
      file.rules.flatMap(({ ref, nameAt }) => {
        const key = ref.name.toLowerCase();
        const elsewhere = first.get(key);
        if (elsewhere === undefined) first.set(key, file.path);
        if (elsewhere === undefined || elsewhere === file.path) return [];
        return [warningAt(nameAt, `a rule of ${elsewhere} is named "${ref.name}" too`)];
      }),
    );
}
