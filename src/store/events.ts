/** The event log of accounts, written many at a time: rows that differ in the person alone are one statement. */
import type { Action, ActionKind } from "../model/action.ts";
import type { Database } from "./database.ts";

/**
 * How an action reads in the event log, in the order in which one plan has the kinds for one person, each at most once: a person's events
 * keep that order.
 */
const TYPES: Readonly<Record<ActionKind, string>> = {
  create: "created",
  adopt: "adopted",
  release: "released",
  revoke: "revoked",
  purge: "purged",
  update: "updated",
  assign: "assigned",
  change: "changed",
  wait: "waiting",
};

interface Alike {
  readonly tier: string | null;
  readonly at: number;
  readonly people: number[];
}

/**
 * Records what was done, one event for each action. `at`: epoch ms; `cycle`: its row, null: an administrator did it by hand. The caller
 * owns the transaction.
 */
export function writeEvents(
  database: Database,
  cycle: number | null,
  done: Iterable<{ readonly action: Pick<Action, "kind" | "person" | "from" | "to">; readonly at: number }>,
): void {
  const byKind = new Map<string, Alike[]>(Object.keys(TYPES).map((kind) => [kind, []]));
  for (const { action, at } of done) {
    const { kind, person } = action;
    // A revoke is told by the tier that was taken.
    const tier = kind === "revoke" ? action.from : action.to;
    const known = byKind.get(kind) as Alike[];
    const alike = likeOf(known, tier, at);
    if (alike === undefined) known.push({ tier, at, people: [person] });
    else alike.people.push(person);
  }
  for (const [kind, shapes] of byKind) {
    for (const { tier, at, people } of shapes) {
      database.run(
        "INSERT INTO event (person, at, type, tier, cycle) SELECT value, ?, ?, ?, ? FROM json_each(?)",
        at,
        TYPES[kind as ActionKind],
        tier,
        cycle,
        JSON.stringify(people),
      );
    }
  }
}

/** A loop: a function made for each of hundreds of thousands of events costs more than what it looks for. */
function likeOf(known: readonly Alike[], tier: string | null, at: number): Alike | undefined {
  for (const one of known) if (one.tier === tier && one.at === at) return one;
  return undefined;
}
