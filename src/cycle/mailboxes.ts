/** Mailbox settings: read for people about to be created, and refreshed now and then. */
import type { ObjectId } from "../model/directory.ts";
import type { Evaluator } from "./evaluate-people.ts";
import type { Known } from "./evaluated-person.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

type Time = Pick<CycleRequest, "signal"> & { readonly deadline?: number | undefined };

/** Known mailboxes read again in one full re-read, oldest first. */
const REFRESHED = 1000;

/** Asks for those who are about to be created, or whose verdict hangs on the mailbox, and evaluates them again. Gives those it asked for. */
export async function readMissingMailboxes(
  parts: CycleParts,
  people: Map<number, Known>,
  evaluator: Evaluator,
  now: number,
  { signal, deadline }: Time,
): Promise<ReadonlySet<ObjectId>> {
  const missing: ObjectId[] = [];
  for (const { id, verdict, account, mailboxRead } of people.values()) {
    if (mailboxRead) continue;
    const hangs = verdict.kind === "unknown" && verdict.needs === "mailbox";
    if (hangs || (verdict.kind === "tier" && account === null)) missing.push(id);
  }
  await read(parts, people, evaluator, missing, now, { signal, deadline });
  return new Set(missing);
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
): Promise<void> {
  if (ids.length === 0) return;
  // The rest of the cycle needs its time too: whoever is not read by then stays `pending` until the next one.
  const enough = deadline === undefined ? Number.POSITIVE_INFINITY : (clock.now() + deadline) / 2;
  let done = 0;
  for await (const batch of source.readMailboxes(ids, signal, deadline)) {
    store.people.saveMailboxes(batch, now);
    for (const id of batch.keys()) {
      const person = store.people.person(id);
      const known = person === null ? null : evaluator.evaluate(person);
      if (known !== null) people.set(known.key, known);
    }
    done += batch.size;
    progress({ tenant: settings.name, step: "mailboxes", done, of: ids.length });
    if (clock.now() > enough) break;
  }
}
