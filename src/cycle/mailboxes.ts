/** Mailbox settings: read for people about to be created, and refreshed now and then. */
import type { ObjectId } from "../model/directory.ts";
import type { Evaluator } from "./evaluate-people.ts";
import type { Known } from "./evaluated-person.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

type Time = Pick<CycleRequest, "signal"> & { readonly deadline?: number | undefined };

/** Known mailboxes read again in one full re-read, oldest first. */
const REFRESHED = 1000;

/** What became of those whose mailboxes had to be read. */
export interface MissingMailboxes {
  readonly wanted: ReadonlySet<ObjectId>;
  /** There was no time for some of them; those who cannot be read whatever the time do not count. */
  readonly leftOut: boolean;
}

/** Asks for those who are about to be created, or whose verdict hangs on the mailbox, and evaluates them again. */
export async function readMissingMailboxes(
  parts: CycleParts,
  people: Map<number, Known>,
  evaluator: Evaluator,
  now: number,
  { signal, deadline }: Time,
): Promise<MissingMailboxes> {
  const missing: ObjectId[] = [];
  for (const { id, verdict, account, mailboxRead } of people.values()) {
    if (mailboxRead) continue;
    const hangs = verdict.kind === "unknown" && verdict.needs === "mailbox";
    if (hangs || (verdict.kind === "tier" && account === null)) missing.push(id);
  }
  const { asked, throttled, found } = await read(parts, people, evaluator, missing, now, { signal, deadline });
  // While nothing at all comes through, that is no matter of time.
  return { wanted: new Set(missing), leftOut: asked < missing.length || (throttled > 0 && found > 0) };
}

/** Reads the oldest ones again, but for those that this cycle has asked for (`asked`). */
export async function refreshMailboxes(
  parts: CycleParts,
  people: Map<number, Known>,
  evaluator: Evaluator,
  now: number,
  { signal, deadline }: Time,
  asked: ReadonlySet<ObjectId>,
): Promise<void> {
  const oldest = parts.store.people.oldestMailboxes(REFRESHED).filter((id) => !asked.has(id));
  await read(parts, people, evaluator, oldest, now, { signal, deadline });
}

async function read(
  { source, store, settings, clock, progress }: CycleParts,
  people: Map<number, Known>,
  evaluator: Evaluator,
  ids: readonly ObjectId[],
  now: number,
  { signal, deadline }: Time,
): Promise<{ readonly asked: number; readonly throttled: number; readonly found: number }> {
  const sum = { asked: 0, throttled: 0, found: 0 };
  if (ids.length === 0) return sum;
  // The rest of the cycle needs its time too: whoever is not read by then stays `pending` until the next one.
  const enough = deadline === undefined ? Number.POSITIVE_INFINITY : (clock.now() + deadline) / 2;
  for await (const { asked, throttled, found } of source.readMailboxes(ids, signal, deadline)) {
    store.people.saveMailboxes(found, now);
    for (const id of found.keys()) {
      const person = store.people.person(id);
      const known = person === null ? null : evaluator.evaluate(person);
      if (known !== null) people.set(known.key, known);
    }
    sum.asked += asked;
    sum.throttled += throttled;
    sum.found += found.size;
    progress({ tenant: settings.name, step: "mailboxes", done: sum.found, of: ids.length });
    if (clock.now() > enough) break;
  }
  return sum;
}
