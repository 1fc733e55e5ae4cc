/** Step 5 of a cycle: holds are recorded, actions carried out with their records, and everybody's state written. */
import { type AgentError, toAgentError } from "../errors.ts";
import type { Action } from "../model/action.ts";
import type { Hold } from "../model/cycle.ts";
import type { Profile } from "../model/directory.ts";
import type { Decision, PersonFailure } from "../model/person.ts";
import type { Known } from "./evaluate-people.ts";
import type { ApplyItem, ApplyResult } from "./ports.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import type { DecidedPerson, OpenCycle, SettledAction } from "./store-ports.ts";

/** Actions in one transaction of the ledger. */
const BATCH = 1000;
const MINUTE = 60 * 1000;
const LONGEST_PAUSE = 24 * 60 * MINUTE;

/** Returns the holds that are open after it. Throws when the target is down or the time is up; what was done is recorded. */
export async function applyPlan(
  parts: CycleParts,
  request: CycleRequest,
  cycle: OpenCycle,
  prepared: PreparedPlan,
): Promise<readonly Hold[]> {
  const { store, settings } = parts;
  const { plan, holds: proposals } = prepared.guarded;
  const people = createSettlement(prepared, request, parts);
  const holds = store.transaction(() => {
    const { open } = store.holds.reconcile(proposals, prepared.now);
    people.name(open);
    store.people.decide(people.withoutActions());
    return open;
  });

  const approved = new Set(store.holds.approved().map(({ user, kind }) => `${kind} ${user}`));
  const settle = (results: readonly ApplyResult[]): void => {
    cycle.record(results.map((result) => people.settle(result, approved)));
  };
  let done = 0;
  for (const batch of batches(plan.actions, BATCH)) {
    request.signal.throwIfAborted();
    const items = batch.filter((action) => !people.failed(action)).map((action) => people.item(action));
    if (parts.target.kind !== "ledger") cycle.intend(batch);
    try {
      await parts.target.apply(items, settle, request.signal);
    } catch (thrown) {
      store.people.decide(people.leftOver(toAgentError(thrown)));
      throw thrown;
    }
    done += batch.length;
    parts.progress({ tenant: settings.name, step: "apply", done, of: plan.actions.length });
  }
  store.people.settled({ fingerprint: prepared.fingerprint, at: prepared.now });
  if (plan.actions.some(({ kind }) => kind === "purge")) store.scrub();
  return holds;
}

/** Slices of about `size` actions; actions that exchange seats are never parted. */
function* batches(actions: readonly Action[], size: number): Iterable<readonly Action[]> {
  for (let start = 0; start < actions.length; ) {
    let end = Math.min(start + size, actions.length);
    while (end < actions.length && actions[end]?.swap !== undefined && actions[end]?.swap === actions[end - 1]?.swap)
      end += 1;
    yield actions.slice(start, end);
    start = end;
  }
}

interface Settlement {
  /** Puts the ids of the holds into the reasons of the people they hold. */
  name(holds: readonly Hold[]): void;
  withoutActions(): DecidedPerson[];
  item(action: Action): ApplyItem;
  failed(action: Action): boolean;
  settle(result: ApplyResult, approved: ReadonlySet<string>): SettledAction;
  /** People whose actions were not reached. */
  leftOver(error: AgentError): DecidedPerson[];
}

/** Keeps track of whose actions are done, and turns results into decisions. */
function createSettlement(prepared: PreparedPlan, request: CycleRequest, { clock }: CycleParts): Settlement {
  const { now, people, guarded } = prepared;
  const decisions = new Map(guarded.plan.decisions.map((decision) => [decision.key, decision]));
  const left = new Map<number, number>();
  for (const { person } of guarded.plan.actions) left.set(person, (left.get(person) ?? 0) + 1);
  const refused = new Set<number>();

  const decided = (decision: Decision, failure: PersonFailure | null = null): DecidedPerson => {
    const person = people.get(decision.key) as Known;
    return { decision, address: person.address, displayName: person.displayName, groups: person.groups, failure };
  };
  const decisionOf = (key: number): Decision => decisions.get(key) as Decision;

  return {
    name: (holds) => {
      const ids = new Map<number, string>();
      for (const hold of holds) for (const { person } of hold.actions) ids.set(person, hold.id);
      for (const [key, id] of ids) {
        const decision = decisions.get(key);
        if (decision?.state === "pending")
          decisions.set(key, { ...decision, reason: `${decision.reason} (hold ${id})` });
      }
    },
    withoutActions: () =>
      [...decisions.values()].filter(({ key }) => !left.has(key)).map((decision) => decided(decision)),
    failed: ({ person }) => refused.has(person),
    item: (action) => {
      const { profile, account } = people.get(action.person) as Known;
      const accountKey = account?.key ?? action.account ?? null;
      return { action, accountKey, profile: profile === null ? null : (JSON.parse(profile) as Profile), at: now };
    },
    settle: (result, approved) => {
      const { action } = result.item;
      const rest = (left.get(action.person) ?? 1) - 1;
      left.set(action.person, rest);
      const base = { action, at: now, approved: approved.has(`${action.kind} ${action.user}`) };
      if (result.ok) {
        if (rest > 0) return { ...base, failure: null, decided: null };
        left.delete(action.person);
        return { ...base, failure: null, decided: decided(decisionOf(action.person)) };
      }
      refused.add(action.person);
      left.delete(action.person);
      const failure = nextFailure(result, people.get(action.person) as Known, clock.now(), request.pauses);
      return {
        ...base,
        failure,
        decided: decided(failedDecision(decisionOf(action.person), failure, people, now), failure),
      };
    },
    leftOver: (error) => [...left.keys()].map((key) => decided(pendingDecision(decisionOf(key), error, people, now))),
  };
}

function nextFailure(
  { code, message }: { readonly code: string; readonly message: string },
  person: Known,
  now: number,
  pauses: boolean,
): PersonFailure {
  const attempts = (person.previous?.failure?.attempts ?? 0) + 1;
  const pause = !pauses || attempts < 2 ? 0 : Math.min(10 * MINUTE * 2 ** (attempts - 2), LONGEST_PAUSE);
  return { code, message, attempts, nextTryAt: now + pause };
}

function failedDecision(
  decision: Decision,
  failure: PersonFailure,
  people: ReadonlyMap<number, Known>,
  now: number,
): Decision {
  const previous = people.get(decision.key)?.previous ?? null;
  const times = failure.attempts === 1 ? "" : ` (${failure.attempts} times)`;
  return {
    ...decision,
    state: "error",
    reason: `the licence system refused${times}: ${failure.message}`,
    since: previous?.state === "error" ? previous.since : now,
    purgeAt: null,
  };
}

function pendingDecision(
  decision: Decision,
  error: AgentError,
  people: ReadonlyMap<number, Known>,
  now: number,
): Decision {
  const previous = people.get(decision.key)?.previous ?? null;
  return {
    ...decision,
    state: "pending",
    reason: `not done yet: ${error.message}`,
    since: previous?.state === "pending" ? previous.since : now,
    queue: previous?.queue ?? null,
    purgeAt: null,
  };
}
