/** Looks users up by id, many at a time. */
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { parseUser } from "./entries.ts";
import { expectOk } from "./graph-client.ts";
import { parsePage, readPages } from "./pages.ts";
import type { Reader } from "./reader.ts";
import { odataText } from "./scope.ts";

/** Values of one `in` filter, by Graph's rule. */
const IDS_PER_FILTER = 15;

/**
 * Those of `ids` that are in the directory, with `properties`; who is soft-deleted is not. 300 ids take one request.
 */
export async function lookUp(
  reader: Reader,
  ids: readonly ObjectId[],
  properties: readonly string[],
  call: Call,
): Promise<ReadonlyMap<ObjectId, DirectoryUser>> {
  const found = new Map<ObjectId, DirectoryUser>();
  const filters = chunk(ids, IDS_PER_FILTER);
  for (const group of chunk(filters, BATCH_SIZE)) {
    const paths = group.map((part) => {
      const filter = encodeURIComponent(`id in (${part.map(odataText).join(",")})`);
      return `/users?$filter=${filter}&$select=${properties.join(",")}`;
    });
    const answers = await getBatch(reader.client, paths, call, reader);
    for (const answer of answers) {
      for (const item of await allItems(reader, expectOk(answer, call), call)) {
        const user = parseUser(item, properties, call.what);
        found.set(user.id, user);
      }
    }
  }
  return found;
}

/** Everything in a list of which the first page is there. */
export async function allItems(reader: Reader, firstPage: unknown, call: Call): Promise<readonly unknown[]> {
  const { items, next } = parsePage(reader.client, firstPage, call);
  if (next === null) return items;
  const all = [...items];
  for await (const page of readPages(reader.client, next, call, reader.limits.pages)) all.push(...page.items);
  return all;
}

export function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
