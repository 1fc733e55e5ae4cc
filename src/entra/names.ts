/** What groups are called now, 20 a request. */
import type { DirectoryGroup, ObjectId } from "../model/directory.ts";
import { BATCH_SIZE, getBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { parseGroup } from "./entries.ts";
import { expectOk } from "./graph-client.ts";
import { isRefusal } from "./graph-errors.ts";
import { chunk } from "./people.ts";
import type { Reader } from "./reader.ts";
import { refuseHidden } from "./scope.ts";

/** Those of the groups that are there, by id. Throws `ERR_GROUP_HIDDEN` for one that hides its members. */
export async function describeGroups(
  reader: Reader,
  ids: readonly ObjectId[],
  call: Call,
): Promise<ReadonlyMap<ObjectId, DirectoryGroup>> {
  const groups = new Map<ObjectId, DirectoryGroup>();
  for (const part of chunk(ids, BATCH_SIZE)) {
    const paths = part.map((id) => `/groups/${encodeURIComponent(id)}?$select=id,displayName,visibility`);
    const answers = await getBatch(reader.client, paths, call, reader).catch(async (error: unknown) => {
      if (!isRefusal(error)) throw error;
      // Where batches are refused altogether, everybody can still be read.
      return await Promise.all(paths.map((path) => reader.client.get(path, call)));
    });
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 404) continue;
      const group = refuseHidden(parseGroup(expectOk(answer, call), call.what));
      groups.set(part[index] ?? group.id, group);
    }
  }
  return groups;
}
