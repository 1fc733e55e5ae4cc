/** What was decided about people, written. */
import type { DecidedPerson } from "../cycle/store-ports.ts";
import { addressKey } from "../model/directory.ts";
import type { PersonState } from "../model/person.ts";
import type { Database } from "./database.ts";

/** States that every cycle looks at again. */
const OPEN_STATES: ReadonlySet<PersonState> = new Set(["pending", "conflict", "error"]);

/**
 * `address_key` is empty where the person's account claims the same address, and `due` where nothing is to be done by itself: indexes
 * over rows that matter cost a tenth of the time to write.
 */
const WRITE = `INSERT INTO decision (person, tenant, address, address_key, display_name, groups, state, reason, since, wanted, rule,
    queue_tier, queue_since, clear_since, purge_at, due, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (person) DO UPDATE SET address=coalesce(excluded.address, address),
    address_key=CASE WHEN excluded.address IS NULL THEN address_key ELSE excluded.address_key END,
    display_name=coalesce(excluded.display_name, display_name), groups=excluded.groups, state=excluded.state, reason=excluded.reason,
    since=excluded.since, wanted=excluded.wanted, rule=excluded.rule, queue_tier=excluded.queue_tier, queue_since=excluded.queue_since,
    clear_since=excluded.clear_since, purge_at=excluded.purge_at, due=excluded.due, failure=excluded.failure`;

/** Writes one decision with what is shown of the person; the caller owns the transaction. */
export type WriteDecision = (decided: DecidedPerson) => void;

export function createDecisionWriter(database: Database, tenant: number): WriteDecision {
  const text = createJsonCache();
  return ({ decision, address, claimed, displayName, groups, failure }) => {
    const { state, queue, purgeAt } = decision;
    database.run(
      WRITE,
      decision.key,
      tenant,
      address,
      address === null || claimed === true ? null : addressKey(address),
      displayName,
      text(groups),
      state,
      decision.reason,
      decision.since,
      decision.wanted,
      decision.rule === null ? null : text(decision.rule),
      queue?.tier ?? null,
      queue?.since ?? null,
      decision.clearSince,
      purgeAt,
      OPEN_STATES.has(state) ? 0 : purgeAt,
      failure === null ? null : JSON.stringify(failure),
    );
  };
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
