/** JSON batching by hand ("Combine multiple HTTP requests using JSON batching"): the SDK's helpers lose the bodies of failed items. */
import { AgentError } from "../errors.ts";
import { retryAfter } from "../model/retry-after.ts";
import type { Call, Pause } from "./call.ts";
import { isRecord } from "./entra-errors.ts";
import { expectOk, type GraphClient } from "./graph-client.ts";
import { type GraphAnswer, graphError, incomplete, TRANSIENT_STATUSES } from "./graph-errors.ts";

/** Requests in one batch, by Graph's rule. */
export const BATCH_SIZE = 20;

/** Tries of items that fail without saying how long to wait; being throttled without that is no failure, as with single requests. */
const TRIES = 4;

/** The status of an item whose batch was throttled (also: a failed dependency). */
const FAILED_DEPENDENCY = 424;
/** Statuses that say "too much at once" even without saying how long to wait. */
const THROTTLING: ReadonlySet<number> = new Set([429, FAILED_DEPENDENCY]);

export interface BatchOptions {
  readonly pause: Pause;
  readonly now: () => number;
}

/**
 * Asks for up to 20 paths in one POST; the answers come in the order of the paths. Items that are throttled or fail for a moment are asked
 * again by themselves after the longest wait any of them names. Throws when that would pass the deadline.
 */
export async function getBatch(
  client: GraphClient,
  paths: readonly string[],
  call: Call,
  options: BatchOptions,
): Promise<readonly GraphAnswer[]> {
  const { answers, giveUp } = await ask(client, paths, call, options, Number.POSITIVE_INFINITY);
  if (giveUp !== null) throw giveUp;
  return answers;
}

/**
 * As `getBatch`, but gives what could be had: items that would have to wait longer are answered as Graph left them. `patience`: how often
 * items may be throttled without being told for how long.
 */
export async function getBatchLoosely(
  client: GraphClient,
  paths: readonly string[],
  call: Call,
  options: BatchOptions,
  patience = TRIES,
): Promise<readonly GraphAnswer[]> {
  return (await ask(client, paths, call, options, patience)).answers;
}

async function ask(
  client: GraphClient,
  paths: readonly string[],
  call: Call,
  options: BatchOptions,
  patience: number,
): Promise<{ readonly answers: readonly GraphAnswer[]; readonly giveUp: AgentError | null }> {
  const answers: GraphAnswer[] = [];
  let open = paths.map((_, index) => index);
  let failures = 0;
  let untold = 0;
  for (let attempt = 0; ; attempt += 1) {
    for (const [index, answer] of await post(client, paths, open, call)) answers[index] = answer;
    const waiting = open.flatMap((index) => {
      const answer = answers[index];
      return answer !== undefined && isOpen(answer) ? [{ index, answer }] : [];
    });
    const [first] = waiting;
    if (first === undefined) return { answers, giveUp: null };
    open = waiting.map(({ index }) => index);
    // Items bear no `Date`: that of their batch counts.
    const now = client.serverTime() ?? options.now();
    const waits = waiting.map(({ answer }) => retryAfter(answer.headers, now));
    const told = waits.reduce((longest, wait) => (wait === null ? longest : Math.max(longest ?? 0, wait)), null);
    const error = graphError(first.answer, call);
    const isThrottled = told !== null || THROTTLING.has(first.answer.status);
    const giveUp = isThrottled ? throttled(error) : error;
    if (told === null) untold += 1;
    if (told === null && waiting.some(({ answer }) => answer.status !== 429)) failures += 1;
    if (failures >= TRIES || untold >= patience) return { answers, giveUp };
    try {
      await options.pause(attempt, told, call, giveUp);
    } catch (error) {
      if (error === giveUp) return { answers, giveUp };
      throw error;
    }
  }
}

/** Whether an answer that was left asks for patience, as against a failure. */
export function saysLater(answer: GraphAnswer): boolean {
  return answer.status === 429 || (isOpen(answer) && answer.headers.has("retry-after"));
}

function isOpen(answer: GraphAnswer): boolean {
  return TRANSIENT_STATUSES.has(answer.status) || answer.status === FAILED_DEPENDENCY;
}

async function post(
  client: GraphClient,
  paths: readonly string[],
  open: readonly number[],
  call: Call,
): Promise<ReadonlyMap<number, GraphAnswer>> {
  const requests = open.map((index) => ({ id: String(index + 1), method: "GET", url: paths[index] }));
  const answer = await client.post("/$batch", { requests }, call);
  // Microsoft's throttling page says 424 for a batch with throttled items, its batching page says 200.
  const body = answer.status === FAILED_DEPENDENCY ? answer.body : expectOk(answer, call);
  const responses = isRecord(body) ? body["responses"] : undefined;
  if (!Array.isArray(responses)) throw incomplete(call.what, "the answer of Microsoft Graph to a batch is no batch");
  const found = new Map<number, GraphAnswer>();
  for (const item of responses) {
    if (!isRecord(item)) continue;
    const index = Number(item["id"]) - 1;
    if (open.includes(index))
      found.set(index, { status: Number(item["status"]), headers: headersOf(item), body: item["body"] });
  }
  const missing = open.length - found.size;
  if (missing > 0) throw incomplete(call.what, `${missing} of ${open.length} answers are missing in a batch`);
  return found;
}

/** Item headers are a plain object whose keys come in any case. */
function headersOf(item: Readonly<Record<string, unknown>>): Headers {
  const headers = new Headers();
  if (!isRecord(item["headers"])) return headers;
  for (const [name, value] of Object.entries(item["headers"])) {
    if (/^[\w-]+$/.test(name)) headers.set(name, String(value).replace(/[\r\n\0]/g, " "));
  }
  return headers;
}

function throttled(error: AgentError): AgentError {
  if (error.code === "ERR_GRAPH_THROTTLED") return error;
  return new AgentError("ERR_GRAPH_THROTTLED", error.message, { retryable: true, facts: error.facts });
}
