/** A model of what carrying out a plan does: the next input, as if every action had succeeded. */
import { addressKey } from "../../src/model/directory.ts";
import type { Account, Candidate } from "../../src/model/person.ts";
import type { TierName } from "../../src/model/tier.ts";
import type { Plan, PlanInput } from "../../src/plan/types.ts";

export interface World {
  readonly accounts: Map<number, Account>;
  readonly unbound: Account[];
  readonly used: Map<TierName, number>;
}

export function worldOf(input: PlanInput): World {
  const accounts = new Map<number, Account>();
  for (const person of input.people) if (person.account !== null) accounts.set(person.key, person.account);
  return { accounts, unbound: [...input.unbound], used: new Map(input.used) };
}

/** Carries out one action in place; throws where a target would have to refuse. */
export function applyAction(world: World, action: Plan["actions"][number], candidate: Candidate, now: number): void {
  const own = world.accounts.get(action.person);
  const set = (parts: Partial<Account>) => {
    if (own === undefined) throw new Error(`${action.kind} ${action.user}: no account`);
    world.accounts.set(action.person, { ...own, ...parts });
  };
  const seat = (tier: TierName | null, by: number) => {
    if (tier !== null) world.used.set(tier, (world.used.get(tier) ?? 0) + by);
  };
  const expectFrom = () => {
    if (own === undefined || own.tier !== action.from)
      throw new Error(`${action.kind} ${action.user}: holds ${own?.tier}`);
  };
  switch (action.kind) {
    case "create":
      if (own !== undefined) throw new Error(`create ${action.user}: has an account`);
      world.accounts.set(action.person, {
        key: 10_000 + action.person,
        boundTo: action.user,
        address: candidate.address ?? "",
        tier: null,
        profile: candidate.profile,
        revokedAt: null,
        purgedAt: null,
        adopted: false,
      });
      return;
    case "adopt": {
      const index = world.unbound.findIndex(
        (one) => one.boundTo === null && addressKey(one.address) === addressKey(candidate.address ?? ""),
      );
      const found = world.unbound[index];
      if (found === undefined || own !== undefined) throw new Error(`adopt ${action.user}: nothing to adopt`);
      world.unbound.splice(index, 1);
      world.accounts.set(action.person, { ...found, boundTo: action.user, adopted: true });
      return;
    }
    case "assign":
    case "change":
      expectFrom();
      seat(action.from, -1);
      seat(action.to, 1);
      set({ tier: action.to, revokedAt: null, purgedAt: null });
      return;
    case "update":
      set({ profile: candidate.profile, address: candidate.address ?? own?.address ?? "" });
      return;
    case "revoke":
      expectFrom();
      if (action.from === null) throw new Error(`revoke ${action.user}: nothing to take`);
      seat(action.from, -1);
      set({ tier: null, revokedAt: now, purgedAt: null });
      return;
    case "purge":
      if (own?.revokedAt === null) throw new Error(`purge ${action.user}: never revoked`);
      set({ purgedAt: now });
      return;
    case "wait":
    case "release":
      return;
  }
}

/** The input of the next cycle when nothing has changed in between. */
export function applyPlan(input: PlanInput, plan: Plan): PlanInput {
  const world = worldOf(input);
  const byKey = new Map(input.people.map((person) => [person.key, person]));
  for (const action of plan.actions) {
    const candidate = byKey.get(action.person);
    if (candidate === undefined) throw new Error(`an action for ${action.person}, who is not in the plan`);
    applyAction(world, action, candidate, input.now);
  }
  const people = input.people.map((person): Candidate => {
    const decision = plan.decisions.get(person.key);
    if (decision === undefined) throw new Error(`no decision for ${person.key}`);
    const { state, reason, since, queue, clearSince } = decision;
    const before = person.previous?.failure ?? null;
    const kept = state === "error" || state === "pending" ? before : null;
    const failure = state === "waiting" && before !== null ? { ...before, nextTryAt: 0 } : kept;
    return {
      ...person,
      account: world.accounts.get(person.key) ?? null,
      previous: { state, reason, since, queue, clearSince, failure },
    };
  });
  return { ...input, people, used: world.used, unbound: world.unbound };
}
