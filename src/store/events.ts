/** The event log of accounts, written many at a time: rows that differ in the person alone are one statement. */
import { ACTION_KINDS, type Action, type ActionKind } from "../model/action.ts";
import type { Database } from "./database.ts";

/** How an action reads in the event log. */
const TYPES: Readonly<Record<ActionKind, string>> = {
  create: "created",
  adopt: "adopted",
  assign: "assigned",
  change: "changed",
  wait: "waiting",
  update: "updated",
  revoke: "revoked",
  purge: "purged",
  release: "released",
};

/** Kinds in the order in which one plan has them for one person, each at most once: a person's events keep that order. */
const ORDER: readonly ActionKind[] = [
  "create",
  "adopt",
  "update",
  "release",
  "revoke",
  "purge",
  "assign",
  "change",
  "wait",
];
const PLACES = new Map(ORDER.map((kind, place) => [kind, place]));

interface Alike {
  readonly kind: ActionKind;
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
  const shapes = ORDER.map((): Alike[] => []);
  for (const { action, at } of done) {
    const { kind, person } = action;
    // A revoke is told by the tier that was taken.
    const tier = kind === "revoke" ? action.from : action.to;
    const known = shapes[PLACES.get(kind) ?? ACTION_KINDS.length];
    const alike = known?.find((one) => one.tier === tier && one.at === at);
    if (alike === undefined) known?.push({ kind, tier, at, people: [person] });
    else alike.people.push(person);
  }
  for (const { kind, tier, at, people } of shapes.flat()) {
    database.run(
      "INSERT INTO event (person, at, type, tier, cycle) SELECT value, ?, ?, ?, ? FROM json_each(?)",
      at,
      TYPES[kind],
      tier,
      cycle,
      JSON.stringify(people),
    );
  }
}
