/** Microsoft Entra as the source of people and groups. */
import type { DirectorySource, MirrorWriter, ReadOptions, ReadResult } from "../cycle/ports.ts";
import { AgentError, type ErrorCode } from "../errors.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import { type Call, stopped } from "./call.ts";
import { type Connection, connect } from "./connection.ts";
import { parseCursor } from "./cursor.ts";
import { readDelta } from "./delta-read.ts";
import { findUser } from "./find-user.ts";
import { readFull } from "./full-read.ts";
import { readMailboxes } from "./mailbox.ts";
import type { EntraOptions } from "./options.ts";
import { isReset } from "./pages.ts";
import type { Reading } from "./reader.ts";

/** Members listed between two tellings of progress. */
const TOLD_EVERY = 5_000;

/** Cycles in a row that may fail in reading changes before everything is read from a fresh place. */
const ENOUGH_FAILURES = 3;
/** Full reads in a row that may go unjudged: two in each of two cycles. */
const MOST_READS = 4;
/** Failures that may lie in the place itself: a page that is none, a circle, a refusal, more than a cycle has time for. */
const BAD_PLACE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ERR_GRAPH_INCOMPLETE",
  "ERR_GRAPH_REFUSED",
  "ERR_GRAPH_ORIGIN",
  "ERR_DEADLINE",
]);

export interface EntraSource extends DirectorySource {
  /** As `findUser` of `find-user.ts`; shares the token with the cycles. */
  findUser(name: string, properties: readonly string[], signal: AbortSignal): Promise<DirectoryUser | null>;
}

/** A source for one tenant; keep it over cycles, it caches the token. Makes no request by itself. */
export function createEntraSource(options: EntraOptions): EntraSource {
  const connection = connect(options);
  const { reader, tokens } = connection;
  const { logger } = options;
  let warned = false;
  const delta: DeltaHealth = { failures: 0 };

  return {
    read: async (mirror, read): Promise<ReadResult> => {
      const reading = startReading(connection, mirror, read);
      const kind = await readEither(reading, read.full, delta);
      return { kind, serverTime: reader.client.serverTime() };
    },
    readMailboxes: (ids, signal, deadline) => {
      reader.client.begin();
      const call: Call = { what: "reading mailbox settings", signal, deadline: deadline ?? null };
      return readMailboxes(reader, ids, call, () => {
        if (warned) return;
        warned = true;
        logger.warn("every mailbox is refused: grant MailboxSettings.Read, or set `mailboxSettings: false`");
      });
    },
    findUser: (name, properties, signal) => {
      reader.client.begin();
      tokens.begin();
      return findUser(reader, name, properties, { what: "looking for the user", signal, deadline: null });
    },
    requests: () => ({ token: tokens.requests(), graph: reader.client.requests() }),
  };
}

/** Cycles in a row whose changes failed with what a fresh place might mend. */
interface DeltaHealth {
  failures: number;
}

async function readEither(reading: Reading, full: boolean, delta: DeltaHealth): Promise<ReadResult["kind"]> {
  const cursor = full ? null : parseCursor(reading.mirror.cursor?.value ?? null, reading.key);
  const isGood = cursor?.overflow !== true && delta.failures < ENOUGH_FAILURES;
  if (cursor !== null && reading.mirror.progress === null && isGood) {
    try {
      await readDelta(reading, cursor);
      delta.failures = 0;
      return "changes";
    } catch (error) {
      if (error instanceof AgentError && BAD_PLACE.has(error.code)) delta.failures += 1;
      if (!isReset(error)) throw error;
      reading.logger.info("the place in the changes is lost, reading everything again: {message}", {
        message: error.message,
      });
    }
  }
  // Once: what fails for another reason would be read whole in every cycle.
  delta.failures = 0;
  // What changed while everything was read may itself say that it has to be read again: once now, else in the next cycle.
  const back = await readWhole(reading);
  if (back === null) return "full";
  reading.logger.info("much has changed while everything was read: reading it again");
  await readAgain(reading, back);
  return "full";
}

/**
 * Everything, and what changed meanwhile, which also makes one stream of what was opened level by level. Gives null when that is all, else
 * who is to be looked at in a further read.
 */
async function readWhole(reading: Reading): Promise<readonly ObjectId[] | null> {
  const { cursor, back } = await readFull(reading);
  if (back.length > 0) return back;
  try {
    if (cursor !== null) await readDelta(reading, cursor);
    return null;
  } catch (error) {
    if (!isReset(error)) throw error;
    return [];
  }
}

/**
 * Lists without what changed meanwhile are not to be judged by: somebody may be in the earlier ones only, or in the later. Where even the next
 * cycle finds no end of it, changes repeat what was long before the lists, and these are as good as they will be.
 */
async function readAgain(reading: Reading, alive: readonly ObjectId[]): Promise<void> {
  const { cursor } = await readFull(reading, alive);
  try {
    if (cursor !== null) await readDelta(reading, cursor);
  } catch (error) {
    if (!isReset(error)) throw error;
    if ((cursor?.reads ?? 1) >= MOST_READS) {
      reading.logger.warn("the changes ask for one full read after another: {message}", { message: error.message });
      return;
    }
    throw new AgentError(error.code, error.message, { retryable: true, facts: error.facts, cause: error });
  }
}

function startReading(connection: Connection, mirror: MirrorWriter, options: ReadOptions): Reading {
  const { reader, tokens } = connection;
  reader.client.begin();
  tokens.begin();
  const { scope } = options;
  const properties = [...new Set(["id", ...scope.properties])];
  const key = JSON.stringify([reader.client.base, scope.parentGroup, scope.others, [...properties].sort()]);
  const deadline = options.deadline ?? null;
  const call = (what: string, also?: AbortSignal): Call => {
    const signal = also === undefined ? options.signal : AbortSignal.any([options.signal, also]);
    const made = { what, signal, deadline };
    if (signal.aborted) throw stopped(made);
    return made;
  };
  let members = 0;
  const listed = (more: number): void => {
    const before = members;
    members += more;
    if (Math.floor(before / TOLD_EVERY) < Math.floor(members / TOLD_EVERY)) options.progress?.(members);
  };
  return { ...reader, mirror, scope, properties, key, listed, call };
}
