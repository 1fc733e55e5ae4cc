/**
 * The brake. A kind of action over its limit is held as a whole, the others go on. Whoever has an action held is frozen, and the
 * plan is made again, until nothing more is held: so nobody gets a seat that only a held action frees, and the people after them
 * in the queue get what they leave.
 *
 * Changes of tier hang on seats, and so on what is held of the other kinds: they are judged once those are settled. From then on
 * the people whose change must not go through are passed over within one draft, not one draft for each.
 */
import { type Action, GUARDED_KINDS, type GuardedKind, pairKey } from "../model/action.ts";
import type { TierName } from "../model/tier.ts";
import { alwaysHeld, excess, isGuarded } from "./brakes.ts";
import { type Draft, draftPlan } from "./propose.ts";
import type { ActionPair, GuardedPlan, GuardInput, HoldProposal, PlanInput } from "./types.ts";

/** The reason of somebody for whom an administrator wants none of it. */
export const REJECTED =
  "rejected by an administrator; nothing is done until the person's groups, or attributes that rules look at, change";
const OPEN_HOLD = "part of a hold that is still open";

/** Kinds whose number does not hang on seats, in the order in which a person with two of them is held. */
const SEATLESS = ["revoke", "purge", "create"] as const satisfies readonly GuardedKind[];
/** Held along with the action they depend on, or that depends on them. */
const COMPANIONS: ReadonlySet<Action["kind"]> = new Set([...GUARDED_KINDS, "assign", "wait"]);

/** The plan without what must be approved first, and what that is. Throws as `draftPlan` does. */
export function guardPlan(input: PlanInput, guard: GuardInput): GuardedPlan {
  const brake = createBrake(input, guard);
  for (;;) {
    const draft = draftPlan({ ...input, frozen: brake.frozen() }, brake.stops);
    if (!brake.judge(draft)) return { plan: draft.plan, holds: brake.holds() };
  }
}

function createBrake(input: PlanInput, guard: GuardInput) {
  const approved = new Set(guard.approved.map(pairKey));
  const rejected = new Set(guard.rejected.map(pairKey));
  // Keys cost more than all the rest where there are many actions: none are made for sets that are empty.
  const passes = (pair: ActionPair) => approved.size > 0 && approved.has(pairKey(pair));
  const isRejected = (pair: ActionPair) => rejected.size > 0 && rejected.has(pairKey(pair)) && !passes(pair);
  const isOpen = (pair: ActionPair) => open.size > 0 && open.has(pairKey(pair));
  const open = new Set(guard.held.filter(({ kind }) => isGuarded(kind)).map(pairKey));
  const ranks = new Map<TierName, number>();
  for (const tier of input.tiers) if (tier.kind === "paid") ranks.set(tier.name, ranks.size);
  const adopted = new Set(input.people.filter((person) => person.account?.adopted).map((person) => person.key));

  // Who must not have the other tier does not wait for a seat of it either.
  const rejectedPeople = new Set<number>();
  for (const { key, id, account, verdict } of input.people) {
    if (rejected.size === 0 || account === null || account.tier === null || verdict.kind !== "tier") continue;
    if (isRejected({ user: id, kind: "change", from: account.tier, to: verdict.tier })) rejectedPeople.add(key);
  }
  const heldPeople = new Map<number, GuardedKind>();
  const held: Record<GuardedKind, Action[]> = { revoke: [], purge: [], change: [], create: [] };
  const numbers: Record<GuardedKind, number> = { revoke: 0, purge: 0, change: 0, create: 0 };
  const exceeded = new Map<GuardedKind, string>();
  const otherwise = new Map<GuardedKind, string>();

  function heldAnyway(action: Action, takenOver: boolean): string | null {
    return alwaysHeld(action, takenOver, ranks, guard) ?? (isOpen(action) ? OPEN_HOLD : null);
  }

  const isTakenOver = (key: number, actions: readonly Action[]) =>
    adopted.has(key) || actions.some(({ kind }) => kind === "adopt");

  function stops(change: Action, own: readonly Action[]): boolean {
    if (passes(change)) return false;
    if (exceeded.has("change") || isRejected(change)) return true;
    return heldAnyway(change, isTakenOver(change.person, own)) !== null;
  }

  /** Holds what must be held of these kinds; the person's other actions go with it. */
  function hold(kinds: readonly GuardedKind[], proposed: ReadonlyMap<number, readonly Action[]>): boolean {
    const before = heldPeople.size;
    for (const kind of kinds) {
      const candidates: { action: Action; person: readonly Action[] }[] = [];
      for (const [key, person] of proposed) {
        if (heldPeople.has(key)) continue;
        const action = person.find((one) => one.kind === kind);
        if (action !== undefined && !passes(action)) candidates.push({ action, person });
      }
      const number = candidates.length + numbers[kind] + guard.recent[kind];
      const why = candidates.length === 0 ? null : excess(kind, number, guard);
      if (why !== null) exceeded.set(kind, why);
      for (const { action, person } of candidates) {
        const anyway = heldAnyway(action, isTakenOver(action.person, person));
        if (!exceeded.has(kind) && anyway === null) continue;
        if (anyway !== null && anyway !== OPEN_HOLD) otherwise.set(kind, anyway);
        heldPeople.set(action.person, kind);
        for (const one of person) {
          if (!COMPANIONS.has(one.kind)) continue;
          held[kind].push(one);
          if (isGuarded(one.kind) && !passes(one)) numbers[one.kind] += 1;
        }
      }
    }
    return heldPeople.size > before;
  }

  /** Freezes whom an administrator's rejection concerns, and takes them out of what is judged. */
  function reject(proposed: Map<number, Action[]>): boolean {
    const before = rejectedPeople.size;
    for (const [key, person] of proposed) {
      if (!person.some(isRejected)) continue;
      rejectedPeople.add(key);
      proposed.delete(key);
    }
    return rejectedPeople.size > before;
  }

  /** Whether nothing can be held, by the numbers alone: the usual case, and it spares a look at each person. */
  function isHarmless({ plan, stopped }: Draft): boolean {
    if (stopped.length > 0 || rejected.size > 0) return false;
    const proposed: Record<GuardedKind, number> = { revoke: 0, purge: 0, change: 0, create: 0 };
    for (const action of plan.actions) {
      if (!isGuarded(action.kind)) continue;
      proposed[action.kind] += 1;
      if (heldAnyway(action, true) !== null) return false;
    }
    return GUARDED_KINDS.every((kind) => {
      const number = proposed[kind] + numbers[kind] + guard.recent[kind];
      return proposed[kind] === 0 || excess(kind, number, guard) === null;
    });
  }

  /** Holds what must be held of a draft; false: nothing more. */
  function judge(draft: Draft): boolean {
    if (isHarmless(draft)) return false;
    const proposed = byPerson(draft);
    const froze = reject(proposed);
    return hold(SEATLESS, proposed) || froze || hold(["change"], proposed);
  }

  const reasonOf = (kind: GuardedKind) => exceeded.get(kind) ?? otherwise.get(kind) ?? OPEN_HOLD;

  function frozen(): ReadonlyMap<number, string> {
    const people = new Map(input.frozen);
    for (const key of rejectedPeople) people.set(key, REJECTED);
    for (const [key, kind] of heldPeople) people.set(key, `held: ${reasonOf(kind)}; approve or reject hold`);
    return people;
  }

  function holds(): HoldProposal[] {
    return GUARDED_KINDS.filter((kind) => held[kind].length > 0).map((kind) => ({
      guard: kind,
      reason: reasonOf(kind),
      actions: held[kind],
    }));
  }

  return { frozen, stops, judge, holds };
}

/** Every person's proposed actions, those of the stopped included. */
function byPerson({ plan, stopped }: Draft): Map<number, Action[]> {
  const people = new Map<number, Action[]>();
  const passedOver = new Set(stopped.map((action) => action.person));
  const inPlan = passedOver.size === 0 ? plan.actions : plan.actions.filter(({ person }) => !passedOver.has(person));
  for (const action of [...inPlan, ...stopped]) {
    const person = people.get(action.person);
    if (person === undefined) people.set(action.person, [action]);
    else person.push(action);
  }
  return people;
}
