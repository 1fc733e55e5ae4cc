/** Short ways to the values that tests of rules are about. */
import type { Mailbox, ObjectId, PersonFacts, ScopedGroup } from "../../src/model/directory.ts";
import { formatFinding } from "../../src/model/finding.ts";
import type { Tier } from "../../src/model/tier.ts";
import { bindRules } from "../../src/rules/bind.ts";
import type { BoundRules, RuleSet } from "../../src/rules/types.ts";
import { parseRules } from "../support/parse-rules.ts";

export const NOW = Date.UTC(2026, 5, 1);

export const TIERS: readonly Tier[] = [
  { kind: "paid", name: "Eco", seats: 50, warnBelow: null },
  { kind: "paid", name: "Advanced", seats: 20, warnBelow: null },
  { kind: "paid", name: "Pro", seats: 10, warnBelow: null },
  { kind: "revoking", name: "No_Licence", purgeAfter: 0 },
];

/** A group whose id tells its name. */
export function group(name: string, role: ScopedGroup["role"] = "member", id: ObjectId = `id-${name}`): ScopedGroup {
  return { id, displayName: name, visibility: null, role };
}

export const GROUPS: readonly ScopedGroup[] = [
  group("SecureExchanges_Licences", "parent"),
  ...["Advanced", "Eco", "No_Licence", "Pro"].map((name) => group(name)),
];

/** Parses the YAML of one rule file; throws with its findings when it is broken. */
export function rulesOf(...rules: readonly string[]): RuleSet {
  return ruleSetOf(rules.length === 0 ? "rules: []" : `rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`);
}

export function ruleSetOf(...texts: readonly string[]): RuleSet {
  const { value, findings } = parseRules(texts.map((text, i) => ({ path: `rules/${i + 1}.yaml`, text })));
  if (value === null) throw new Error(findings.map(formatFinding).join("\n"));
  return value;
}

export function bind(
  ruleSet: RuleSet,
  options: { groups?: readonly ScopedGroup[]; mailboxSettings?: boolean } = {},
): BoundRules {
  const { bound, findings } = bindRules(ruleSet, {
    tenant: "contoso",
    tiers: TIERS,
    groups: options.groups ?? GROUPS,
    mailboxSettings: options.mailboxSettings ?? true,
  });
  if (bound === null) throw new Error(findings.map(formatFinding).join("\n"));
  return bound;
}

export interface PersonOptions {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly mailbox?: Mailbox;
  readonly presence?: PersonFacts["presence"];
}

/** An enabled member with an address and a mailbox of their own, in these groups. */
export function person(groups: readonly string[], options: PersonOptions = {}): PersonFacts {
  return {
    id: "11111111-0000-4000-8000-000000000001",
    properties: {
      id: "11111111-0000-4000-8000-000000000001",
      userPrincipalName: "ana@contoso.example",
      mail: "ana@contoso.example",
      displayName: "Ana",
      givenName: "Ana",
      surname: null,
      accountEnabled: true,
      userType: "Member",
      preferredLanguage: null,
      ...options.properties,
    },
    mailbox: options.mailbox ?? { purpose: "user", locale: "en-GB", timeZone: "GMT Standard Time" },
    groups: new Set(groups.map((name) => `id-${name}`)),
    presence: options.presence ?? "present",
  };
}
