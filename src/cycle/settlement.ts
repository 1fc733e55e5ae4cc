/** Keeps track of whose actions are done, and turns results into decisions. */
import type { AgentError } from "../errors.ts";
import type { Action } from "../model/action.ts";
import type { Hold } from "../model/cycle.ts";
import type { Profile } from "../model/directory.ts";
import type { Decision, PersonFailure } from "../model/person.ts";
import { freesSeat, takesSeat } from "./batches.ts";
import type { Known } from "./evaluate-people.ts";
import type { ApplyItem, ApplyResult } from "./ports.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import type { DecidedPerson, SettledAction } from "./store-ports.ts";

const MINUTE = 60 * 1000;
const LONGEST_PAUSE = 24 * 60 * MINUTE;

export interface Settlement {
  /** Puts the ids of the holds into the reasons of the people they hold. */
  name(holds: readonly Hold[]): void;
  withoutActions(): DecidedPerson[];
  item(action: Action): ApplyItem;
  /** Whether nothing that it builds on was refused: an earlier action of the person, or the one that was to free the seat. */
  possible(action: Action): boolean;
  settle(result: ApplyResult, approved: ReadonlySet<string>): SettledAction;
  /** People whose actions were not reached. */
  leftOver(error: AgentError): DecidedPerson[];
}

export function createSettlement(prepared: PreparedPlan, request: CycleRequest, { clock }: CycleParts): Settlement {
  const { now, people, guarded } = prepared;
  const decisions = new Map(guarded.plan.decisions.map((decision) => [decision.key, decision]));
  const left = new Map<number, number>();
  for (const { person } of guarded.plan.actions) left.set(person, (left.get(person) ?? 0) + 1);
  const refused = new Set<number>();
  /** Tiers of which a seat that was to be freed was not. */
  const stuck = new Set<string>();

  /** People whose account was there before them: it may have another address. */
  const adopted = new Set<number>();

  /** `done`: everything planned for the person was carried out. */
  const decided = (decision: Decision, done: boolean, failure: PersonFailure | null = null): DecidedPerson => {
    const person = people.get(decision.key) as Known;
    const { address, account, displayName, groups } = person;
    const claimed = account === null ? done && !adopted.has(decision.key) : account.address === address;
    return { decision, address, claimed, displayName, groups, failure };
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
      [...decisions.values()].filter(({ key }) => !left.has(key)).map((decision) => decided(decision, false)),
    possible: (action) => {
      if (refused.has(action.person)) return false;
      if (!takesSeat(action) || action.to === null || !stuck.has(action.to)) return true;
      // Whoever does not move does not free a seat either.
      if (freesSeat(action)) stuck.add(action.from);
      refused.add(action.person);
      return false;
    },
    item: (action) => {
      const { profile, account } = people.get(action.person) as Known;
      return new Item(action, account?.key ?? action.account ?? null, profile, now);
    },
    settle: (result, approved) => {
      const { action } = result.item;
      const rest = (left.get(action.person) ?? 1) - 1;
      left.set(action.person, rest);
      const base = { action, at: now, approved: approved.size > 0 && approved.has(`${action.kind} ${action.user}`) };
      if (result.ok) {
        if (action.kind === "adopt") adopted.add(action.person);
        if (rest > 0) return { ...base, failure: null, decided: null };
        left.delete(action.person);
        return { ...base, failure: null, decided: decided(decisionOf(action.person), true) };
      }
      refused.add(action.person);
      if (freesSeat(action)) stuck.add(action.from);
      left.delete(action.person);
      const failure = nextFailure(result, people.get(action.person) as Known, clock.now(), request.pauses);
      return {
        ...base,
        failure,
        decided: decided(failedDecision(decisionOf(action.person), failure, people, now), false, failure),
      };
    },
    leftOver: (error) =>
      [...left.keys()].map((key) => decided(pendingDecision(decisionOf(key), error, people, now), false)),
  };
}

/** Takes the profile apart only when it is asked for: a ledger never does. */
class Item implements ApplyItem {
  readonly action: Action;
  readonly accountKey: number | null;
  readonly profileText: string | null;
  readonly at: number;

  constructor(action: Action, accountKey: number | null, profileText: string | null, at: number) {
    this.action = action;
    this.accountKey = accountKey;
    this.profileText = profileText;
    this.at = at;
  }

  get profile(): Profile | null {
    return this.profileText === null ? null : (JSON.parse(this.profileText) as Profile);
  }
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
