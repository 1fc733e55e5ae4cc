/**
 * A cycle about one person. Everybody who competes for the same seats or addresses is planned with, so that nobody is passed over; then
 * only what concerns the person is done, as far as it can be done alone. The others stay as they are for the next cycle of everybody.
 */
import type { Action } from "../model/action.ts";
import type { Hold } from "../model/cycle.ts";
import { addressKey, type ObjectId } from "../model/directory.ts";
import type { Decision } from "../model/person.ts";
import type { HoldProposal } from "../plan/types.ts";
import { takesSeat } from "./batches.ts";
import type { Evaluator } from "./evaluate-people.ts";
import type { Known } from "./evaluated-person.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { CycleParts } from "./settings.ts";
import type { PeopleStore } from "./store-ports.ts";

/** People read from the store at a time. */
const CHUNK = 2000;

/** The person, and whoever wants the same address and is not decided yet: the store finds addresses by decisions and accounts. */
export function evaluateOne(only: ObjectId, store: PeopleStore, evaluator: Evaluator, now: number): Map<number, Known> {
  const stored = store.person(only);
  const person = stored === null ? null : evaluator.evaluate(stored);
  if (person === null) return new Map();
  const people = new Map([[person.key, person]]);
  const own = [person.address, person.account?.address ?? null].flatMap((one) => (one === null ? [] : addressKey(one)));
  for (const chunk of store.open(now, CHUNK)) {
    for (const one of chunk) {
      const known = evaluator.evaluate(one);
      const address = known?.address ?? null;
      if (known !== null && address !== null && own.includes(addressKey(address))) people.set(known.key, known);
    }
  }
  return people;
}

/** The part of the plan that concerns this person; nothing for somebody who is not in it. */
export function narrowed(prepared: PreparedPlan, only: ObjectId, parts: CycleParts): PreparedPlan {
  const { plan, holds } = prepared.guarded;
  const person = [...prepared.people.values()].find(({ id }) => id === only) ?? null;
  const own = plan.actions.filter(({ user }) => user === only);
  const together = own.find((action) => takesSeat(action) && !isFreeNow(action, parts));
  const decisions = new Map<number, Decision>();
  const decision = person === null ? undefined : plan.decisions.get(person.key);
  if (person !== null && decision !== undefined) {
    decisions.set(person.key, together === undefined ? decision : later(decision, together, person, prepared.now));
  }
  return {
    ...prepared,
    guarded: {
      plan: { ...plan, actions: own.filter((action) => action !== together), decisions },
      holds: mergedHolds(parts.store.holds.open(), holds, only),
    },
    people: new Map(person === null ? [] : [[person.key, person]]),
  };
}

/** The person's part of these holds. */
export function holdsOf(holds: readonly Hold[], only: ObjectId): readonly Hold[] {
  return holds
    .map((hold) => ({ ...hold, actions: hold.actions.filter(({ user }) => user === only) }))
    .filter(({ actions }) => actions.length > 0);
}

/** A seat that other people's actions free, or exchange for this one, cannot be given without them. */
function isFreeNow({ to, swap }: Action, { settings, store }: CycleParts): boolean {
  const tier = settings.tiers.find(({ name }) => name === to);
  return swap === undefined && tier?.kind === "paid" && (store.accounts.usage().get(tier.name) ?? 0) < tier.seats;
}

function later(decision: Decision, { to }: Action, person: Known, now: number): Decision {
  const { previous } = person;
  return {
    ...decision,
    state: "pending",
    reason: `the seat of ${to} comes free as others move: in the next cycle of everybody`,
    since: previous?.state === "pending" ? previous.since : now,
    queue: previous?.queue ?? null,
    purgeAt: null,
  };
}

/** What is held of others stays held: a cycle about one person says nothing about it. */
function mergedHolds(open: readonly Hold[], proposed: readonly HoldProposal[], only: ObjectId): HoldProposal[] {
  const merged = new Map<string, HoldProposal>();
  for (const { guard, reason, actions } of open) {
    const others = actions.filter(({ user }) => user !== only);
    if (others.length > 0) merged.set(guard, { guard: guard as HoldProposal["guard"], reason, actions: others });
  }
  for (const { guard, reason, actions } of proposed) {
    const own = actions.filter(({ user }) => user === only);
    if (own.length === 0) continue;
    merged.set(guard, { guard, reason, actions: [...(merged.get(guard)?.actions ?? []), ...own] });
  }
  return [...merged.values()];
}
