/** Finds the parent group and the other groups that rules name. */
import type { DirectoryScope, GroupRef } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { DirectoryGroup, ObjectId } from "../model/directory.ts";
import type { Call } from "./call.ts";
import { parseGroup } from "./entries.ts";
import { expectOk, type GraphClient } from "./graph-client.ts";
import { readPages } from "./pages.ts";

const SELECT = "$select=id,displayName,visibility";

/** Pages of one search for a group before it counts as endless. */
const SEARCH_PAGES = 1_000;
/** Names among which the nearest is sought. */
const CANDIDATES = 999;

/**
 * The group that a name or id means. Throws `ERR_GROUP_NOT_FOUND` (with the nearest name in the hint), `ERR_GROUP_AMBIGUOUS` or
 * `ERR_GROUP_HIDDEN`, each with the fact `group`.
 */
export async function resolveGroup(client: GraphClient, ref: GroupRef, call: Call): Promise<DirectoryGroup> {
  const group = "id" in ref ? await byId(client, ref.id, call) : await byName(client, ref.name, call);
  return refuseHidden(group);
}

/** A group that hides its members would read as empty. */
export function refuseHidden(group: DirectoryGroup): DirectoryGroup {
  if (group.visibility !== "HiddenMembership") return group;
  throw new AgentError("ERR_GROUP_HIDDEN", `the group "${group.displayName}" (${group.id}) hides its members`, {
    facts: { group: group.displayName, groupId: group.id },
  });
}

/** Of a group that was found by the name which it had `before`, that name now means another one or none. */
export function refuseRenamed({ parentGroup, others }: DirectoryScope, id: ObjectId, before: string): void {
  const name = before.toLowerCase();
  const named = [parentGroup, ...others].some((ref) => "name" in ref && ref.name.toLowerCase() === name);
  if (named) throw new AgentError("ERR_DELTA_RESET", `the group ${id} was renamed`);
}

/** An object id, name or other text inside an OData filter; `encodeURIComponent` comes on top. */
export function odataText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

async function byId(client: GraphClient, id: string, call: Call): Promise<DirectoryGroup> {
  const answer = await client.get(`/groups/${encodeURIComponent(id)}?${SELECT}`, call);
  if (answer.status === 404) {
    throw new AgentError("ERR_GROUP_NOT_FOUND", `there is no group with the id ${id}`, {
      hint: "correct the id, or name the group by its display name",
      facts: { group: id },
    });
  }
  return parseGroup(expectOk(answer, call), call.what);
}

async function byName(client: GraphClient, name: string, call: Call): Promise<DirectoryGroup> {
  const found = await search(client, `displayName eq ${odataText(name)}`, call);
  const [group, second] = found;
  if (group === undefined) {
    const near = await nearestName(client, name, call);
    throw new AgentError("ERR_GROUP_NOT_FOUND", `there is no group named "${name}"`, {
      ...(near === null ? {} : { hint: `${near}; else create the group` }),
      facts: { group: name },
    });
  }
  if (second !== undefined) {
    const ids = found.map((candidate) => candidate.id);
    throw new AgentError("ERR_GROUP_AMBIGUOUS", `${found.length} groups are named "${name}": ${ids.join(", ")}`, {
      hint: `name the one that is meant by its object id: ${ids.map((id) => `{id: ${id}}`).join(" or ")}`,
      facts: { group: name },
    });
  }
  return group;
}

async function search(client: GraphClient, filter: string, call: Call): Promise<readonly DirectoryGroup[]> {
  return list(client, `/groups?$filter=${encodeURIComponent(filter)}&${SELECT}&$top=999`, call, Infinity);
}

/** Page by page until there are `enough`: a page may be empty and still name a next one, so one page never says "no such group". */
async function list(client: GraphClient, path: string, call: Call, enough: number): Promise<readonly DirectoryGroup[]> {
  const groups: DirectoryGroup[] = [];
  for await (const page of readPages(client, path, call, SEARCH_PAGES)) {
    for (const item of page.items) groups.push(parseGroup(item, call.what));
    if (groups.length >= enough) break;
  }
  return groups;
}

/** The nearest name in words, among the tenant's first groups; a failure of this search must not hide what is being reported. */
async function nearestName(client: GraphClient, name: string, call: Call): Promise<string | null> {
  const candidates = await list(client, `/groups?${SELECT}&$top=999`, call, CANDIDATES).catch(() => []);
  let best: string | null = null;
  let least = Infinity;
  for (const { displayName } of candidates) {
    const edits = editDistance(name.toLowerCase(), displayName.toLowerCase());
    if (edits < least) [best, least] = [displayName, edits];
  }
  if (best === null) return null;
  return least <= Math.max(2, Math.ceil(name.length / 3)) ? `did you mean "${best}"?` : `the nearest is "${best}"`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
