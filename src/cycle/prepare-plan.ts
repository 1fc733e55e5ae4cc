/** Steps 3 and 4: the plan, without what a person must approve first. */
import type { CycleKind } from "../model/cycle.ts";
import { addressKey, type Profile } from "../model/directory.ts";
import type { TierName } from "../model/tier.ts";
import { guardPlan } from "../plan/guard.ts";
import type { GuardedPlan, GuardInput, PlanInput } from "../plan/types.ts";
import type { Known } from "./evaluated-person.ts";
import { narrowed } from "./one-person.ts";
import type { OpenPeople } from "./open-people.ts";
import type { BothSides } from "./read-both-sides.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

export interface PreparedPlan {
  readonly kind: CycleKind;
  /** Graph's time, epoch ms. */
  readonly now: number;
  readonly guarded: GuardedPlan;
  /** Everybody the plan looked at. */
  readonly people: ReadonlyMap<number, Known>;
  /** Which rules, tiers and settings the decisions come from. */
  readonly fingerprint: string;
  readonly leftOut: boolean;
  /** People waiting that the plan did not look at, by tier. */
  readonly waitingElsewhere: ReadonlyMap<TierName, number>;
}

export function planGuarded(
  parts: CycleParts,
  request: CycleRequest,
  sides: BothSides,
  { people, fingerprint, leftOut, takeInWaiting }: OpenPeople,
): PreparedPlan {
  const { settings, store } = parts;
  const { now, initial, purgesAllowed } = sides;
  parts.progress({ tenant: settings.name, step: "plan", done: people.size, of: people.size });
  const guard: GuardInput = {
    limits: settings.guard,
    recent: store.journal.recent(now),
    accounts: store.accounts.count(),
    initial,
    suspicious: request.suspicious,
    held: store.holds.open().flatMap((hold) => hold.actions),
    approved: store.holds.approved(now),
    rejected: store.holds.rejected(),
  };
  const plan = (): GuardedPlan => guardPlan(planInput(parts, people, now, purgesAllowed), guard);
  let guarded = plan();
  if (leavesSeatsFree(guarded, waitingElsewhere(parts, people))) {
    takeInWaiting();
    guarded = plan();
  }
  const kind = initial ? "initial" : sides.kind === "full" ? "full" : "incremental";
  const prepared = {
    kind,
    now,
    guarded,
    people,
    fingerprint,
    leftOut,
    waitingElsewhere: waitingElsewhere(parts, people),
  } as const;
  return request.only === undefined ? prepared : narrowed(prepared, request.only, parts);
}

/** Whoever is held at the head of a queue passes the seat on, perhaps to somebody so far behind that nobody has looked at them. */
function leavesSeatsFree({ plan }: GuardedPlan, elsewhere: ReadonlyMap<TierName, number>): boolean {
  return plan.tiers.some(({ name, seats, used }) => used < seats && (elsewhere.get(name) ?? 0) > 0);
}

function planInput(
  { settings, store }: CycleParts,
  people: ReadonlyMap<number, Known>,
  now: number,
  purgesAllowed: boolean,
): PlanInput {
  const candidates = [...people.values()];
  const homeless = new Map<string, string>();
  for (const { account, address, profile } of store.accounts.hasUnbound() ? candidates : []) {
    if (account !== null || address === null) continue;
    const { userName } = JSON.parse(profile ?? "{}") as Partial<Profile>;
    homeless.set(addressKey(address), addressKey(userName ?? address));
  }
  return {
    now,
    tiers: settings.tiers,
    used: store.accounts.usage(),
    people: candidates,
    unbound: homeless.size === 0 ? [] : store.accounts.unbound([...homeless.keys()], homeless),
    frozen: new Map(),
    purgesAllowed,
  };
}

function waitingElsewhere({ store }: CycleParts, people: ReadonlyMap<number, Known>): Map<TierName, number> {
  const waiting = new Map(store.people.waiting());
  for (const { previous } of people.values()) {
    if (previous?.state !== "waiting" || previous.queue === null) continue;
    const { tier } = previous.queue;
    waiting.set(tier, (waiting.get(tier) ?? 0) - 1);
  }
  return waiting;
}
