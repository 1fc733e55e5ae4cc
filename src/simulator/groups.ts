/** `/groups` and what lies below it, deltas apart. */
import type { DirectoryObject, ObjectKind } from "./directory-objects.ts";
import { contextOf, type Exchange, hasRole, isEventual, requireRole } from "./exchange.ts";
import { badRequest, notFound, unsupportedQuery } from "./graph-error.ts";
import { filterIds } from "./list-filter.ts";
import { idsInOrder, idsOfKind, renderPage } from "./object-list.ts";
import { Projection } from "./projection.ts";
import { checkSelect, parseQuery } from "./query.ts";
import type { SimulatedTenant } from "./tenant.ts";

const GROUP_ROLES = ["Group.Read.All", "GroupMember.Read.All", "Directory.Read.All"] as const;
const ANY_KIND: readonly ObjectKind[] = ["user", "group", "device", "orgContact"];

export function listGroups(exchange: Exchange): string {
  requireRole(exchange, ...GROUP_ROLES);
  const query = parseQuery(exchange.url, ["$select", "$filter", "$top", "$count", "$skiptoken"]);
  checkSelect(query.select ?? [], ["group"], "microsoft.graph.group");
  const ids = filterIds(exchange.tenant, "group", query.filter, idsOfKind(exchange.tenant, "group"));
  return renderPage(exchange, { ids, query, what: "groups", typed: false });
}

export function getGroup(exchange: Exchange, id: string): string {
  requireRole(exchange, ...GROUP_ROLES);
  const { select } = parseQuery(exchange.url, ["$select"]);
  checkSelect(select ?? [], ["group"], "microsoft.graph.group");
  const group = findGroup(exchange.tenant, id);
  const fields = Projection.of(select, "plain").render(group).slice(1);
  return `{${contextOf(exchange, "groups", select, "/$entity")},${fields}`;
}

/** `cast`: the type segment after it, if any. */
export function listMembers(exchange: Exchange, id: string, transitive: boolean, cast: ObjectKind | null): string {
  requireRole(exchange, ...GROUP_ROLES);
  const query = parseQuery(exchange.url, ["$select", "$top", "$count", "$skiptoken"]);
  checkSelect(query.select ?? [], cast ? [cast] : ANY_KIND, `microsoft.graph.${cast ?? "directoryObject"}`);
  const group = findGroup(exchange.tenant, id);
  // Observed: the user cast works without advanced query, the others do not (docs-contrib#1517).
  const needsEventual = cast !== null && cast !== "user";
  if (needsEventual && !(isEventual(exchange) && query.count)) throw unsupportedQuery("Invalid search request.");
  if (cast === "group" && (group.properties["groupTypes"] as readonly string[] | undefined)?.includes("Unified")) {
    throw unsupportedQuery("Unsupported resource type for this group.");
  }
  const ids = memberIds(exchange, group, transitive, cast);
  const what = cast ? `${cast}s` : "directoryObjects";
  return renderPage(exchange, { ids, query, what, typed: cast === null, needsEventual });
}

/** A plain-text number, for advanced queries only. */
export function countMembers(exchange: Exchange, id: string, transitive: boolean): string {
  requireRole(exchange, ...GROUP_ROLES);
  parseQuery(exchange.url, []);
  if (!isEventual(exchange)) throw badRequest("$count is not currently supported.");
  return String(memberIds(exchange, findGroup(exchange.tenant, id), transitive, null).length);
}

function findGroup(tenant: SimulatedTenant, id: string): DirectoryObject {
  const group = tenant.find(id.toLowerCase(), "group");
  if (!group) throw notFound(id);
  return group;
}

function memberIds(
  exchange: Exchange,
  group: DirectoryObject,
  transitive: boolean,
  cast: ObjectKind | null,
): readonly string[] {
  const { tenant } = exchange;
  const seesHidden = hasRole(exchange, "Member.Read.Hidden");
  const key = `${transitive ? "transitive" : "direct"} ${cast ?? "any"} ${seesHidden} ${group.id}`;
  return idsInOrder(tenant, key, function* () {
    const all = transitive ? closure(tenant, group.id, seesHidden) : visibleMembers(tenant, group.id, seesHidden);
    for (const id of all) if (!cast || tenant.find(id)?.kind === cast) yield id;
  });
}

/** Hidden membership reads as empty, without an error, for apps without `Member.Read.Hidden`. */
export function visibleMembers(tenant: SimulatedTenant, groupId: string, seesHidden: boolean): Iterable<string> {
  const hidden = tenant.objects.get(groupId)?.properties["visibility"] === "HiddenMembership";
  return hidden && !seesHidden ? [] : (tenant.members.get(groupId) ?? []);
}

function closure(tenant: SimulatedTenant, groupId: string, seesHidden: boolean): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [groupId];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const id of visibleMembers(tenant, next, seesHidden)) {
      if (found.has(id)) continue;
      found.add(id);
      if (tenant.members.has(id)) open.push(id);
    }
  }
  return found;
}
