/** Steps 1 to 4 of a cycle: everything up to the plan. Changes nothing but the agent's own mirror. */
import type { CycleKind } from "../model/cycle.ts";
import { addressKey, type ObjectId, type Profile } from "../model/directory.ts";
import type { TierName } from "../model/tier.ts";
import { guardPlan } from "../plan/guard.ts";
import type { GuardedPlan, PlanInput } from "../plan/types.ts";
import { directoryNeeds } from "../rules/needs.ts";
import { bindOrThrow } from "./bind.ts";
import { createEvaluator, type Evaluator, type Known } from "./evaluate-people.ts";
import { readMissingMailboxes, refreshMailboxes } from "./mailboxes.ts";
import { narrowed } from "./one-person.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import type { StoredPerson } from "./store-ports.ts";

/** The condition of a clock that is not trusted, as `Outbox.ongoing` knows it. */
export const CLOCK_OFF = "clock.off";
/** A computer's clock further off than this is not trusted with purges. */
const TOLERATED_SKEW = 5 * 60 * 1000;
/** People read from the store at a time. */
const CHUNK = 2000;

export interface PreparedPlan {
  readonly kind: CycleKind;
  /** Graph's time, epoch ms. */
  readonly now: number;
  readonly guarded: GuardedPlan;
  /** Everybody the plan looked at. */
  readonly people: ReadonlyMap<number, Known>;
  /** Which rules, tiers and settings the decisions come from. */
  readonly fingerprint: string;
  /** People waiting that the plan did not look at, by tier. */
  readonly waitingElsewhere: ReadonlyMap<TierName, number>;
}

export async function preparePlan(parts: CycleParts, request: CycleRequest): Promise<PreparedPlan> {
  const { settings, store, source, target, clock, log } = parts;
  const initial = store.journal.initial();

  parts.progress({ tenant: settings.name, step: "read", done: 0, of: null });
  const needs = directoryNeeds(parts.rules, settings.name);
  const scope = { parentGroup: settings.parentGroup, ...needs };
  const reading = await source.read(store.people.mirror(needs.properties), {
    scope,
    full: request.full || !isMirrored(store.people.mirroredProperties(), needs.properties),
    signal: request.signal,
    ...(request.deadline === undefined ? {} : { deadline: request.deadline }),
  });
  const now = reading.serverTime ?? clock.now();
  const purgesAllowed = Math.abs(now - clock.now()) <= TOLERATED_SKEW;
  store.outbox.ongoing(CLOCK_OFF, !purgesAllowed, clock.now());
  if (!purgesAllowed) {
    log.warn("this computer's clock is {seconds} s off: purges are suspended", {
      seconds: Math.round((clock.now() - now) / 1000),
    });
  }
  const unsettled = store.journal.unsettled();
  await target.refresh(unsettled, request.signal, request.full);
  store.journal.forgetIntents(unsettled);

  const { bound, fingerprint, boundary } = bindOrThrow(parts, now);
  if (store.people.evaluation().fingerprint !== fingerprint || boundary) store.people.markAllDirty();
  const evaluator = createEvaluator(bound, store.people.groupGraph(), now, settings.mailboxSettings);
  const { only } = request;
  const everybody = only === undefined && store.people.evaluation().everybody;
  const people = only === undefined ? evaluateOpen(parts, evaluator, now) : evaluateOne(parts, evaluator, only);
  if (settings.mailboxSettings) {
    await readMissingMailboxes(parts, people, evaluator, now, request);
    if (reading.kind === "full" && !initial && only === undefined)
      await refreshMailboxes(parts, people, evaluator, now, request);
  }
  if (!everybody) addConcerned(parts, people, evaluator);

  parts.progress({ tenant: settings.name, step: "plan", done: people.size, of: people.size });
  const guarded = guardPlan(planInput(parts, people, now, purgesAllowed, request.pauses), {
    limits: settings.guard,
    recent: store.journal.recent(now),
    accounts: store.accounts.count(),
    initial,
    suspicious: request.suspicious,
    held: store.holds.open().flatMap((hold) => hold.actions),
    approved: store.holds.approved(),
    rejected: store.holds.rejected(),
  });
  const kind = initial ? "initial" : reading.kind === "full" ? "full" : "incremental";
  const prepared = {
    kind,
    now,
    guarded,
    people,
    fingerprint,
    waitingElsewhere: waitingElsewhere(parts, people),
  } as const;
  return only === undefined ? prepared : narrowed(prepared, only, parts);
}

/** Not read yet is never null: a property that a rule newly asks for leads to a full read first. */
function isMirrored(mirrored: readonly string[] | null, needed: readonly string[]): boolean {
  if (mirrored === null) return false;
  return needed.every((property) => property === "id" || mirrored.includes(property));
}

function evaluateOpen(
  { settings, store, progress }: CycleParts,
  evaluator: Evaluator,
  now: number,
): Map<number, Known> {
  const people = new Map<number, Known>();
  for (const chunk of store.people.open(now, CHUNK)) {
    addPeople(people, evaluator, chunk);
    progress({ tenant: settings.name, step: "evaluate", done: people.size, of: null });
  }
  return people;
}

function evaluateOne({ store }: CycleParts, evaluator: Evaluator, id: ObjectId): Map<number, Known> {
  const people = new Map<number, Known>();
  const person = store.people.person(id);
  if (person !== null) addPeople(people, evaluator, [person]);
  return people;
}

function addPeople(people: Map<number, Known>, evaluator: Evaluator, stored: readonly StoredPerson[]): void {
  for (const person of stored) {
    if (people.has(person.key)) continue;
    const known = evaluator.evaluate(person);
    if (known !== null) people.set(person.key, known);
  }
}

/** Settled people whom the plan may concern all the same: those with the same addresses, and the heads of the waiting lists. */
function addConcerned({ settings, store }: CycleParts, people: Map<number, Known>, evaluator: Evaluator): void {
  const keys = new Set<string>();
  for (const { address, account } of people.values()) {
    if (address !== null) keys.add(addressKey(address));
    if (account !== null) keys.add(addressKey(account.address));
  }
  if (keys.size > 0) addPeople(people, evaluator, store.people.claimants([...keys]));
  const used = store.accounts.usage();
  const waiting = store.people.waiting();
  let free = 0;
  for (const tier of settings.tiers) {
    if (tier.kind !== "paid") continue;
    // A free seat that nobody waits for is taken by one of these people, or by nobody.
    free += Math.min(Math.max(0, tier.seats - (used.get(tier.name) ?? 0)), waiting.get(tier.name) ?? 0);
  }
  // Each chain of moves begins at a free seat or at one of these people, so deeper in a queue nobody can be reached.
  if (free + people.size > 0) addPeople(people, evaluator, store.people.queueHeads(free + people.size));
}

function planInput(
  { settings, store }: CycleParts,
  people: ReadonlyMap<number, Known>,
  now: number,
  purgesAllowed: boolean,
  pauses: boolean,
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
    people: pauses ? candidates : candidates.map(withoutPause),
    unbound: homeless.size === 0 ? [] : store.accounts.unbound([...homeless.keys()], homeless),
    frozen: new Map(),
    purgesAllowed,
  };
}

/** A one-shot command tries at once what a running agent would leave for later. */
function withoutPause(person: Known): Known {
  const failure = person.previous?.failure ?? null;
  if (person.previous === null || failure === null) return person;
  return { ...person, previous: { ...person.previous, failure: { ...failure, nextTryAt: 0 } } };
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
