/** People, accounts and inputs for tests of the planner: a complete value with the parts that a test is about. */
import type { Account, Candidate, PersonState, PreviousDecision } from "../../src/model/person.ts";
import type { Tier, TierName } from "../../src/model/tier.ts";
import type { RuleRef, Verdict } from "../../src/model/verdict.ts";
import type { ActionPair, GuardInput, Plan, PlanInput } from "../../src/plan/types.ts";

export const NOW = 1_000_000;
export const DAY = 86_400_000;

export function rule(name: string): RuleRef {
  return { name, file: "rules/a.yaml", line: 4 };
}

export function wants(tier: TierName): Verdict {
  return { kind: "tier", tier, rule: rule(tier.toLowerCase()) };
}

export function revokes(doubt = false, tier = "No_Licence"): Verdict {
  return { kind: "revoke", tier, rule: rule("remove"), doubt: doubt ? rule("pro") : null };
}

export function skips(detail = "guest"): Verdict {
  return { kind: "skipped", why: "guest", detail, rule: rule("pro"), tier: "Pro" };
}

export function account(key: number, parts: Partial<Account> = {}): Account {
  return {
    key,
    boundTo: `id-${key}`,
    address: `p${key}@contoso.example`,
    tier: null,
    profile: `profile-${key}`,
    revokedAt: null,
    purgedAt: null,
    adopted: false,
    ...parts,
  };
}

export function previous(parts: Partial<PreviousDecision> = {}): PreviousDecision {
  return { state: "licensed", reason: "rule pro", since: 500, queue: null, clearSince: null, failure: null, ...parts };
}

export function person(key: number, verdict: Verdict, parts: Partial<Candidate> = {}): Candidate {
  const readable = verdict.kind !== "deleted" && verdict.kind !== "none";
  return {
    key,
    id: `id-${key}`,
    address: verdict.kind === "deleted" ? null : `p${key}@contoso.example`,
    verdict,
    profile: readable ? `profile-${key}` : null,
    mailboxRead: true,
    account: null,
    previous: null,
    ...parts,
  };
}

/** Somebody who holds a tier and was licensed before. */
export function holder(key: number, tier: TierName, verdict: Verdict = wants(tier)): Candidate {
  return person(key, verdict, { account: account(key, { tier }), previous: previous() });
}

export function tiers(seats: Record<string, number>, purgeAfter = DAY): Tier[] {
  return [
    ...Object.entries(seats).map(([name, bought]): Tier => ({ kind: "paid", name, seats: bought, warnBelow: null })),
    { kind: "revoking", name: "No_Licence", purgeAfter },
  ];
}

/** `used` counts the people's own tiers, unless it is given. */
export function planInput(people: readonly Candidate[], parts: Partial<PlanInput> = {}): PlanInput {
  const used = new Map<TierName, number>();
  for (const { account: own } of people) if (own?.tier) used.set(own.tier, (used.get(own.tier) ?? 0) + 1);
  for (const own of parts.unbound ?? []) if (own.tier) used.set(own.tier, (used.get(own.tier) ?? 0) + 1);
  return {
    now: NOW,
    tiers: tiers({ Eco: 2, Advanced: 2, Pro: 2 }),
    used,
    people,
    unbound: [],
    frozen: new Map(),
    purgesAllowed: true,
    ...parts,
  };
}

export function guardInput(parts: Partial<GuardInput> = {}): GuardInput {
  return {
    limits: {
      revoke: { count: 25, percent: 10 },
      purge: { count: 25, percent: 10 },
      change: { count: 200, percent: 25 },
      create: { count: 500, percent: 50 },
    },
    recent: { revoke: 0, purge: 0, change: 0, create: 0 },
    accounts: 100,
    initial: false,
    suspicious: false,
    held: [],
    approved: [],
    rejected: [],
    ...parts,
  };
}

export function pairs(actions: readonly ActionPair[]): ActionPair[] {
  return actions.map(({ user, kind, from, to }) => ({ user, kind, from, to }));
}

/** `create id-1`, `change id-2 Eco>Pro`, `swap 1: change …`: short enough for tables. */
export function brief(plan: Pick<Plan, "actions">): string[] {
  return plan.actions.map(({ kind, user, from, to, swap }) => {
    const tiers = from === to ? "" : ` ${from ?? "-"}>${to ?? "-"}`;
    return `${swap === undefined ? "" : `swap ${swap}: `}${kind} ${user}${tiers}`;
  });
}

export function decisionOf(plan: Plan, key: number) {
  const found = plan.decisions.get(key);
  if (found === undefined) throw new Error(`no decision for ${key}`);
  return found;
}

/** Of everybody in the plan, by key. */
export function statesOf(plan: Plan): PersonState[] {
  return [...plan.decisions.values()].map(({ state }) => state);
}
