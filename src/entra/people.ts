/** Looks users up by id, many at a time. */
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { parseUser } from "./entries.ts";
import { expectOk } from "./graph-client.ts";
import { incomplete } from "./graph-errors.ts";
import { parsePage } from "./pages.ts";
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
      const page = parsePage(reader.client, expectOk(answer, call), call);
      if (page.next !== null) throw incomplete(call.what, "a lookup of a few users came in several pages");
      for (const item of page.items) {
        const user = parseUser(item, properties, call.what);
        found.set(user.id, user);
      }
    }
  }
  return found;
}

export function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
