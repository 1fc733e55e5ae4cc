/** Mailbox settings, 20 people a request ("Get user mailbox settings"). A missing mailbox is a fact about that person. */
import type { MailboxBatch } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { MailboxSettings, ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatchLoosely } from "./batch.ts";
import type { Call } from "./call.ts";
import { isRecord } from "./entra-errors.ts";
import { errorCode, type GraphAnswer } from "./graph-errors.ts";
import { chunk } from "./people.ts";
import type { Reader } from "./reader.ts";

/** Batches side by side: Exchange takes four requests at a time. */
const BATCHES_AT_ONCE = 4;

export type MailboxAnswer = MailboxSettings | "missing";

/**
 * What is known of a mailbox that we may not read, for want of the permission or by a policy. Unlike one that is missing it does not end what
 * was known before.
 */
const CLOSED: MailboxSettings = { purpose: null, locale: null, timeZone: null };

/** Statuses that say nothing about the mailbox. */
const SAYS_NOTHING: ReadonlySet<number> = new Set([401, 424, 429]);

/**
 * Settings as they arrive; whoever comes after the slice or after a request that failed is not asked for. `warnDenied` is called when
 * mailboxes are refused and none can be read: then the permission is missing rather than the mailboxes.
 */
export async function* readMailboxes(
  reader: Reader,
  ids: readonly ObjectId[],
  call: Call,
  warnDenied: () => void,
): AsyncGenerator<MailboxBatch> {
  const batches = chunk(ids.slice(0, reader.limits.mailboxes), BATCH_SIZE).values();
  const running = new Map<number, Promise<{ readonly key: number; readonly read: MailboxBatch | null }>>();
  let readable = false;
  let denied = false;
  let started = 0;
  let cut = false;
  for (;;) {
    while (!cut && running.size < BATCHES_AT_ONCE) {
      const batch = batches.next();
      if (batch.done) break;
      const key = started++;
      running.set(
        key,
        readBatch(reader, batch.value, call).then((read) => ({ key, read })),
      );
    }
    if (running.size === 0) break;
    const { key, read } = await Promise.race(running.values());
    running.delete(key);
    if (read === null) {
      cut = true;
      continue;
    }
    for (const answer of read.found.values()) {
      if (answer === CLOSED) denied = true;
      else if (answer !== "missing") readable = true;
    }
    yield read;
  }
  if (denied && !readable) warnDenied();
}

async function readBatch(reader: Reader, ids: readonly ObjectId[], call: Call): Promise<MailboxBatch | null> {
  const paths = ids.map((id) => `/users/${encodeURIComponent(id)}/mailboxSettings`);
  let answers: readonly GraphAnswer[];
  try {
    answers = await getBatchLoosely(reader.client, paths, call, reader);
  } catch (error) {
    if (!(error instanceof AgentError && error.retryable)) throw error;
    reader.logger.warn("mailbox settings: {message}; the rest is read in a later cycle", { message: error.message });
    return null;
  }
  const found = new Map<ObjectId, MailboxAnswer>();
  let throttled = 0;
  for (const [index, id] of ids.entries()) {
    const answer = answers[index];
    const settings = answer === undefined ? null : parseAnswer(answer);
    if (settings !== null) found.set(id, settings);
    else if (answer?.status === 429) throttled += 1;
  }
  return { asked: ids.length, throttled, found };
}

/** Null: nothing is known from this answer. */
function parseAnswer(answer: GraphAnswer): MailboxAnswer | null {
  if (answer.status === 403) return CLOSED;
  if (answer.status >= 400 && answer.status < 500 && !SAYS_NOTHING.has(answer.status)) return "missing";
  if (answer.status !== 200 || !isRecord(answer.body) || errorCode(answer.body) !== null) return null;
  const { userPurpose, language, timeZone } = answer.body;
  // Microsoft's pages show `"userPurpose": "user"` and `"userPurpose": {"value": "user"}`.
  const purpose = isRecord(userPurpose) ? userPurpose["value"] : userPurpose;
  return {
    purpose: text(purpose),
    locale: text(isRecord(language) ? language["locale"] : null),
    timeZone: text(timeZone),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
