/** Opens and follows the delta links of users and groups ("Use delta query to track changes"). */
import { AgentError } from "../errors.ts";
import type { ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatchLoosely, saysLater } from "./batch.ts";
import type { Stream } from "./cursor.ts";
import { expectOk } from "./graph-client.ts";
import { type GraphAnswer, graphError, incomplete, isDeltaReset, isRefusal } from "./graph-errors.ts";
import { type Page, parsePage, readPages } from "./pages.ts";
import { chunk } from "./people.ts";
import { type Reading, stretchGuard } from "./reader.ts";
import { odataText } from "./scope.ts";

/** Groups of one stream, by Graph's rule for `$filter` on delta. */
export const STREAM_SIZE = 50;

/** Statuses that may say that delta is not for batches, besides failures that do not pass. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 405, 424]);

export interface Links {
  readonly users: string;
  readonly streams: readonly Stream[];
}

export interface DeltaSink {
  users(entries: readonly unknown[]): void;
  groups(entries: readonly unknown[]): void;
}

/** The place from which changes of the selected user properties will be read. */
export function openUsers(reading: Reading): Promise<string> {
  const select = reading.properties.filter((name) => name !== "id").join(",");
  return latest(reading, `/users/delta?$select=${select}&$deltatoken=latest`, "opening the changes of users");
}

/** Places from which changes of these groups' names and members will be read, 50 groups each. */
export async function openStreams(reading: Reading, ids: readonly ObjectId[]): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (const part of chunk(ids, STREAM_SIZE)) {
    const filter = encodeURIComponent(part.map((id) => `id eq ${odataText(id)}`).join(" or "));
    const path = `/groups/delta?$select=displayName,members&$filter=${filter}&$deltatoken=latest`;
    streams.push({ ids: part, path: await latest(reading, path, "opening the changes of groups") });
  }
  return streams;
}

/** With `latest` no entries come; what a service gives all the same is listed afterwards anyway. */
async function latest(reading: Reading, path: string, what: string): Promise<string> {
  const call = reading.call(what);
  for await (const page of readPages(reading.client, path, call, reading.limits.pages)) {
    if (page.delta !== null) return page.delta;
  }
  throw incomplete(what, "Microsoft Graph gave no delta link");
}

/**
 * Everything that has changed since `links`, all first pages in one `$batch` where Graph takes that. Gives the links to go on from and whether
 * the batch was taken. Throws `ERR_DELTA_RESET` when the links are of no use any more.
 */
export async function drain(
  reading: Reading,
  links: Links,
  takesBatch: boolean,
  sink: DeltaSink,
): Promise<Links & { readonly batch: boolean }> {
  const paths = [links.users, ...links.streams.map((stream) => stream.path)];
  const { firsts, refused } = takesBatch
    ? await firstPagesByBatch(reading, paths)
    : { firsts: paths.map(() => null), refused: true };
  const ends: string[] = [];
  const guard = stretchGuard(reading);
  for (const [index, path] of paths.entries()) {
    const take = (page: Page): void => {
      guard();
      if (index === 0) sink.users(page.items);
      else sink.groups(page.items);
    };
    const first = firsts[index] ?? (await firstPage(reading, path));
    ends.push(await follow(reading, first, take));
  }
  const [users = "", ...streamEnds] = ends;
  const streams = links.streams.map((stream, index) => ({ ids: stream.ids, path: streamEnds[index] ?? stream.path }));
  return { users, streams, batch: !refused };
}

const WHAT = "reading changes";

interface FirstPages {
  /** Null: to be asked for by itself. */
  readonly firsts: readonly (Page | null)[];
  /** Whether that is so because of the batch, and not for once. */
  readonly refused: boolean;
}

/** Nothing says that delta is allowed in a batch, nor how it would be refused: whatever is no page is asked for by itself. */
async function firstPagesByBatch(reading: Reading, paths: readonly string[]): Promise<FirstPages> {
  const call = reading.call(WHAT);
  const firsts: (Page | null)[] = [];
  let refused = false;
  for (const part of chunk(paths, BATCH_SIZE)) {
    const answers = await getBatchLoosely(reading.client, part, call, reading, Infinity).catch(
      (error: unknown): GraphAnswer[] => {
        if (!isRefusal(error)) throw error;
        refused = true;
        return [];
      },
    );
    for (const index of part.keys()) {
      const answer = answers[index];
      if (answer !== undefined && (isDeltaReset(answer) || saysLater(answer))) throw graphError(answer, call);
      firsts.push(answer?.status === 200 ? parsePage(reading.client, answer.body, call) : null);
      // A token, an object or a state that is amiss (401, 404, 409) says nothing about batches.
      if (answer !== undefined && (REFUSALS.has(answer.status) || answer.status >= 500)) refused = true;
    }
  }
  return { firsts, refused };
}

async function firstPage(reading: Reading, path: string): Promise<Page> {
  const call = reading.call(WHAT);
  let answer = await reading.client.get(path, call);
  if (answer.status === 400 && !isDeltaReset(answer)) {
    answer = await reading.client.get(path, call);
    // A delta link that is refused twice is as good as lost.
    if (answer.status === 400) throw new AgentError("ERR_DELTA_RESET", graphError(answer, call).message);
  }
  return parsePage(reading.client, expectOk(answer, call), call);
}

async function follow(reading: Reading, first: Page, take: (page: Page) => void): Promise<string> {
  take(first);
  let end = first.delta;
  if (first.next !== null) {
    for await (const page of readPages(reading.client, first.next, reading.call(WHAT), reading.limits.pages)) {
      take(page);
      end = page.delta;
    }
  }
  if (end === null) throw incomplete(WHAT, "the last page of changes has no delta link");
  return end;
}
