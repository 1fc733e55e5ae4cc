/** What was decided about people, written many at a time: decisions that differ in the person alone are one statement. */
import type { DecidedPerson } from "../cycle/store-ports.ts";
import { addressKey } from "../model/directory.ts";
import type { PersonState } from "../model/person.ts";
import type { Database } from "./database.ts";

/** States that every cycle looks at again. */
const OPEN_STATES: ReadonlySet<PersonState> = new Set(["pending", "conflict", "error"]);

/**
 * Parameters: the columns after `person`, whether the address stays as it was, and the people. `address` and `address_key` are empty where
 * the person's account has the same address, and `due` where nothing is to be done by itself: indexes over rows that matter cost a tenth
 * of the time to write.
 */
const WRITE = `INSERT INTO decision (person, tenant, address, address_key, groups, state, reason, since, wanted, rule,
    queue_tier, queue_since, clear_since, purge_at, due, failure)
  SELECT value, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 FROM json_each(?17) WHERE true
  ON CONFLICT (person) DO UPDATE SET address=iif(?16, address, excluded.address),
    address_key=iif(?16, address_key, excluded.address_key), groups=excluded.groups, state=excluded.state, reason=excluded.reason,
    since=excluded.since, wanted=excluded.wanted, rule=excluded.rule, queue_tier=excluded.queue_tier, queue_since=excluded.queue_since,
    clear_since=excluded.clear_since, purge_at=excluded.purge_at, due=excluded.due, failure=excluded.failure`;

/** Where a person's address is: as it was before (they are gone), as the account has it, or in the decision itself. */
type Place = "kept" | "account" | "own";

interface Alike {
  readonly first: DecidedPerson;
  readonly place: Place;
  readonly people: number[];
}

/** Kinds of decisions side by side for one list of groups; beyond them, each is written by itself rather than compared with all. */
const COMPARED = 16;

/** Writes decisions with what is shown of the people, each person at most once; the caller owns the transaction. */
export type WriteDecisions = (decided: readonly DecidedPerson[]) => void;

export function createDecisionWriter(database: Database, tenant: number): WriteDecisions {
  const text = createJsonCache();
  const write = ({ first, place, people }: Alike): void => {
    const { decision, address, groups, failure } = first;
    const { state, queue, purgeAt, rule } = decision;
    const own = place === "own" ? address : null;
    database.run(
      WRITE,
      tenant,
      own,
      own === null ? null : addressKey(own),
      text(groups),
      state,
      decision.reason,
      decision.since,
      decision.wanted,
      rule === null ? null : text(rule),
      queue?.tier ?? null,
      queue?.since ?? null,
      decision.clearSince,
      purgeAt,
      // Who was refused stands elsewhere in the queue than its order says, and so is looked at in every cycle.
      OPEN_STATES.has(state) || failure !== null ? 0 : purgeAt,
      failure === null ? null : JSON.stringify(failure),
      place === "kept" ? 1 : 0,
      JSON.stringify(people),
    );
  };
  return (decided) => {
    for (const alike of gather(decided)) write(alike);
  };
}

/** Those that differ in the person alone, together. People share few lists of groups, each the same object. */
function gather(decided: readonly DecidedPerson[]): Alike[] {
  const all: Alike[] = [];
  const byGroups = new Map<readonly string[], Alike[]>();
  for (const one of decided) {
    const place = placeOf(one);
    const near = byGroups.get(one.groups) ?? [];
    byGroups.set(one.groups, near);
    const alike = place === "own" ? undefined : likeOf(near, one, place);
    if (alike !== undefined) {
      alike.people.push(one.person);
      continue;
    }
    const alone = { first: one, place, people: [one.person] };
    all.push(alone);
    if (place !== "own" && near.length < COMPARED) near.push(alone);
  }
  return all;
}

/** A loop: a function made for each of a hundred thousand people costs more than what it looks for. */
function likeOf(near: readonly Alike[], one: DecidedPerson, place: Place): Alike | undefined {
  for (const alike of near) if (alike.place === place && same(alike.first, one)) return alike;
  return undefined;
}

function placeOf({ address, claimed }: DecidedPerson): Place {
  if (address === null) return "kept";
  return claimed === true ? "account" : "own";
}

function same(left: DecidedPerson, right: DecidedPerson): boolean {
  const one = left.decision;
  const other = right.decision;
  if (left.failure !== null || right.failure !== null) return false;
  if (one === other) return true;
  return (
    one.rule === other.rule &&
    one.reason === other.reason &&
    one.since === other.since &&
    one.state === other.state &&
    one.wanted === other.wanted &&
    one.clearSince === other.clearSince &&
    one.purgeAt === other.purgeAt &&
    one.queue?.tier === other.queue?.tier &&
    one.queue?.since === other.queue?.since
  );
}

/** Thousands of people share few rules and lists of groups. */
function createJsonCache(): (value: object) => string {
  const texts = new WeakMap<object, string>();
  return (value) => {
    let text = texts.get(value);
    if (text === undefined) {
      text = JSON.stringify(value);
      texts.set(value, text);
    }
    return text;
  };
}
