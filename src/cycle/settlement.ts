/** Keeps track of whose actions are done, and turns results into decisions. */
import type { AgentError } from "../errors.ts";
import { type Action, pairKey } from "../model/action.ts";
import type { Hold } from "../model/cycle.ts";
import type { Profile } from "../model/directory.ts";
import type { Decision, PersonFailure } from "../model/person.ts";
import { freesSeat, takesSeat } from "./batches.ts";
import type { Known } from "./evaluated-person.ts";
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
  /** `index`: of the action in the plan. */
  item(action: Action, index: number): PlannedItem;
  /** Whether nothing that it builds on was refused: an earlier action of the person, or the one that was to free the seat. */
  possible(action: Action): boolean;
  /** Of an item that `item` made. `approved`: keys of pairs (`pairKey`). */
  settle(result: ApplyResult, approved: ReadonlySet<string>): SettledAction;
  /** People whose actions were not reached. */
  leftOver(error: AgentError): DecidedPerson[];
}

export function createSettlement(prepared: PreparedPlan, request: CycleRequest, { clock }: CycleParts): Settlement {
  const { now, people, guarded } = prepared;
  const { decisions } = guarded.plan;
  /** Those that name the hold they wait for. */
  const named = new Map<number, Decision>();
  const { people: busy, open } = lastActions(guarded.plan.actions);
  const refused = new Set<number>();
  /** People whose refusal is their decision already. */
  const told = new Set<number>();
  /** Tiers of which a seat that was to be freed was not. */
  const stuck = new Set<string>();

  /** People whose account was there before them: it may have another address. */
  const adopted = new Set<number>();

  /** Who was not tried in this cycle goes on with the pauses; who waits for a seat pauses for nothing else. */
  const unchanged = ({ previous }: Known, { state }: Decision): PersonFailure | null => {
    const failure = previous?.failure ?? null;
    if (failure === null || state === "error" || state === "pending") return failure;
    return state === "waiting" ? { ...failure, nextTryAt: 0 } : null;
  };
  /** `done`: everything planned for the person was carried out. */
  const decided = (person: Known, decision: Decision, done: boolean, failure: PersonFailure | null): DecidedPerson => {
    const { key, address, account, groups } = person;
    const claimed = account === null ? done && !adopted.has(key) : account.address === address;
    return { person: key, decision, address, claimed, groups, failure };
  };
  const personOf = (key: number): Known => people.get(key) as Known;
  const decisionOf = (key: number): Decision => named.get(key) ?? (decisions.get(key) as Decision);
  const undone = (person: Known, decision: Decision): DecidedPerson =>
    decided(person, decision, false, unchanged(person, decision));

  return {
    name: (holds) => {
      const ids = new Map<number, string>();
      for (const hold of holds) for (const { person } of hold.actions) ids.set(person, hold.id);
      for (const [key, id] of ids) {
        const decision = decisions.get(key);
        if (decision?.state === "pending") named.set(key, { ...decision, reason: `${decision.reason} (hold ${id})` });
      }
    },
    withoutActions: () => {
      const still = busy.size === decisions.size ? [] : [...decisions.keys()].filter((key) => !busy.has(key));
      return still.map((key) => undone(personOf(key), decisionOf(key)));
    },
    possible: (action) => {
      if (refused.has(action.person)) return false;
      if (!takesSeat(action) || action.to === null || !stuck.has(action.to)) return true;
      // Whoever does not move does not free a seat either.
      if (freesSeat(action)) stuck.add(action.from);
      refused.add(action.person);
      return false;
    },
    item: (action, index) => new PlannedItem(action, index, personOf(action.person), now),
    settle: (result, approved) => {
      const { action, index, person } = result.item as PlannedItem;
      const isApproved = approved.size > 0 && approved.has(pairKey(action));
      if (result.ok) {
        if (action.kind === "adopt") adopted.add(action.person);
        const last = open[index] === 1;
        open[index] = 0;
        const outcome = last ? decided(person, decisionOf(action.person), true, null) : null;
        return { action, at: now, approved: isApproved, failure: null, decided: outcome };
      }
      refused.add(action.person);
      told.add(action.person);
      if (freesSeat(action)) stuck.add(action.from);
      const failure = nextFailure(result, person, clock.now(), request.pauses);
      const decision = failedDecision(decisionOf(action.person), failure, person, now);
      const outcome = decided(person, decision, false, failure);
      const unsure = result.unsure === true;
      return { action, at: now, approved: isApproved, failure, decided: outcome, unsure };
    },
    leftOver: (error) =>
      guarded.plan.actions
        .filter(({ person }, index) => open[index] === 1 && !told.has(person))
        .map(({ person: key }) => {
          const person = personOf(key);
          return undone(person, pendingDecision(decisionOf(key), error, person, now));
        }),
  };
}

/** Who has actions, and which of them are the last of their person: those stay open (1) until they are done. */
function lastActions(actions: readonly Action[]): { people: ReadonlySet<number>; open: Uint8Array } {
  const people = new Set<number>();
  const open = new Uint8Array(actions.length);
  for (let index = actions.length - 1; index >= 0; index -= 1) {
    const { person } = actions[index] as Action;
    if (people.has(person)) continue;
    people.add(person);
    open[index] = 1;
  }
  return { people, open };
}

/** Makes the profile when it is asked for: few kinds of actions need it. */
class PlannedItem implements ApplyItem {
  readonly action: Action;
  /** Of the action in the plan. */
  readonly index: number;
  readonly accountKey: number | null;
  readonly at: number;
  readonly person: Known;

  constructor(action: Action, index: number, person: Known, at: number) {
    this.action = action;
    this.index = index;
    this.accountKey = person.account?.key ?? action.account ?? null;
    this.at = at;
    this.person = person;
  }

  get profileText(): string | null {
    return this.person.profile;
  }

  get profile(): Profile | null {
    const text = this.profileText;
    return text === null ? null : (JSON.parse(text) as Profile);
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

function failedDecision(decision: Decision, failure: PersonFailure, { previous }: Known, now: number): Decision {
  const times = failure.attempts === 1 ? "" : ` (${failure.attempts} times)`;
  return {
    ...decision,
    state: "error",
    reason: `the licence system refused${times}: ${failure.message}`,
    since: previous?.state === "error" ? previous.since : now,
    queue: previous?.queue ?? null,
    purgeAt: null,
  };
}

function pendingDecision(decision: Decision, error: AgentError, { previous }: Known, now: number): Decision {
  return {
    ...decision,
    state: "pending",
    reason: `not done yet: ${error.message}`,
    since: previous?.state === "pending" ? previous.since : now,
    queue: previous?.queue ?? null,
    purgeAt: null,
  };
}
