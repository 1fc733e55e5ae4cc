/**
 * Mailbox settings, 20 people a request ("Get user mailbox settings"). A missing mailbox is a fact about that person; a refusal is one only
 * beside a mailbox that may be read, as the permission may be missing altogether.
 */
import type { MailboxBatch } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { MailboxSettings, ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatchLoosely } from "./batch.ts";
import type { Call } from "./call.ts";
import { isRecord } from "./entra-errors.ts";
import { errorCode, type GraphAnswer, lacksRights } from "./graph-errors.ts";
import { chunk } from "./people.ts";
import type { Reader } from "./reader.ts";

/** Batches side by side: Exchange takes four requests at a time. */
const BATCHES_AT_ONCE = 4;

export type MailboxAnswer = MailboxSettings | "missing";

/** What a mailbox says that Exchange keeps from us: it is there. */
const CLOSED: MailboxSettings = { purpose: null, locale: null, timeZone: null };

/** Statuses that say nothing about the mailbox: token, permission or policy, and what is asked for again. */
const SAYS_NOTHING: ReadonlySet<number> = new Set([401, 403, 424, 429]);

interface Batch extends MailboxBatch {
  /** Refused: a policy about these mailboxes, or the permission is missing. */
  readonly refused: readonly ObjectId[];
  readonly lacksRights: boolean;
}

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
  const running = new Map<number, Promise<{ readonly key: number; readonly read: Batch | null }>>();
  const refused: ObjectId[] = [];
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
    refused.push(...read.refused);
    denied ||= read.lacksRights;
    readable ||= [...read.found.values()].some((answer) => answer !== "missing");
    const closed = readable ? refused.splice(0).map((id) => [id, CLOSED] as const) : [];
    yield { asked: read.asked, throttled: read.throttled, found: new Map([...read.found, ...closed]) };
  }
  if (denied || refused.length > 0) warnDenied();
}

async function readBatch(reader: Reader, ids: readonly ObjectId[], call: Call): Promise<Batch | null> {
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
  const refused: ObjectId[] = [];
  let throttled = 0;
  for (const [index, id] of ids.entries()) {
    const answer = answers[index];
    const settings = answer === undefined ? null : parseAnswer(answer);
    if (settings !== null) found.set(id, settings);
    else if (answer?.status === 429) throttled += 1;
    else if (answer?.status === 403 && !lacksRights(answer)) refused.push(id);
  }
  return { asked: ids.length, throttled, found, refused, lacksRights: answers.some(lacksRights) };
}

/** Null: nothing is known from this answer. */
function parseAnswer(answer: GraphAnswer): MailboxAnswer | null {
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
