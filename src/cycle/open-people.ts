/** Step 2: the rules for everybody whose inputs changed or whose state is still open, and for whom else that may concern. */
import { setImmediate as immediate } from "node:timers/promises";
import { addressKey } from "../model/directory.ts";
import { bindOrThrow } from "./bind.ts";
import { createEvaluator, type Evaluator } from "./evaluate-people.ts";
import type { Known } from "./evaluated-person.ts";
import { readMissingMailboxes, refreshMailboxes } from "./mailboxes.ts";
import { evaluateOne } from "./one-person.ts";
import type { BothSides } from "./read-both-sides.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";
import type { StoredPerson } from "./store-ports.ts";

/** People read from the store at a time. */
const CHUNK = 2000;

export interface OpenPeople {
  /** By their key in the store. */
  readonly people: ReadonlyMap<number, Known>;
  /** Which rules, tiers and settings the verdicts come from. */
  readonly fingerprint: string;
  /** There was no time to read the mailboxes of some who are to be created. */
  readonly leftOut: boolean;
  /** Takes in everybody who waits, however deep in a queue. */
  readonly takeInWaiting: () => void;
}

/**
 * Throws when a rule names a group that is not there: that is never read as "nobody". `before`: from earlier in this cycle, whose mailboxes
 * are not asked for again.
 */
export async function evaluatePeople(
  parts: CycleParts,
  request: CycleRequest,
  { kind, initial, now }: BothSides,
  before: OpenPeople | null = null,
): Promise<OpenPeople> {
  const { settings, store } = parts;
  const { only } = request;
  const { bound, fingerprint, boundary } = bindOrThrow(parts, now);
  if (store.people.evaluation().fingerprint !== fingerprint || boundary) store.people.markAllDirty();
  const contests = store.contests.times();
  const evaluator = createEvaluator(bound, store.people.groupGraph(), {
    now,
    mailboxSettings: settings.mailboxSettings,
    contests,
    pauses: request.pauses,
  });
  const everybody = only === undefined && store.people.evaluation().everybody;
  const people =
    only === undefined
      ? await evaluateOpen(parts, request, evaluator, now)
      : evaluateOne(only, store.people, evaluator, now);
  let leftOut = before?.leftOut ?? false;
  if (settings.mailboxSettings && before === null) {
    const missing = await readMissingMailboxes(parts, people, evaluator, now, request);
    leftOut = missing.leftOut;
    if (kind === "full" && !initial && only === undefined) {
      await refreshMailboxes(parts, people, evaluator, now, request, missing.wanted);
    }
  }
  if (!everybody) addConcerned(parts, people, evaluator);
  const takeInWaiting = (): void => addPeople(people, evaluator, store.people.queueHeads(Number.MAX_SAFE_INTEGER));
  return { people, fingerprint, leftOut, takeInWaiting };
}

async function evaluateOpen(
  { settings, store, progress }: CycleParts,
  { signal }: CycleRequest,
  evaluator: Evaluator,
  now: number,
): Promise<Map<number, Known>> {
  const people = new Map<number, Known>();
  for (const chunk of store.people.open(now, CHUNK)) {
    addPeople(people, evaluator, chunk);
    progress({ tenant: settings.name, step: "evaluate", done: people.size, of: null });
    // A stop, the deadline and whoever asks for the status get their turn here.
    await immediate();
    signal.throwIfAborted();
  }
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
  // Each chain of moves begins at a free seat or at one of these people, so deeper in a queue nobody is reached unless somebody is passed over.
  if (free + people.size > 0) addPeople(people, evaluator, store.people.queueHeads(free + people.size));
}
