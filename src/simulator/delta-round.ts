/**
 * The entries of one round of a delta: everything there is (initial), or what changed between two points of the log.
 * Rounds over the same stretch of the log give the same entries in the same order, so a page is a range of them.
 */
import type { Change } from "./change-log.ts";
import type { DeltaQuery } from "./delta-query.ts";
import type { DirectoryObject, ObjectKind } from "./directory-objects.ts";
import { type Exchange, hasRole, mayRead } from "./exchange.ts";
import { visibleMembers } from "./groups.ts";
import { Projection, typeName } from "./projection.ts";

export interface DeltaEntry {
  readonly json: string;
  /** Members in it; they count towards the size of a page. */
  readonly members: number;
}

export interface RoundTwists {
  readonly duplicate?: boolean;
  readonly reverse?: boolean;
  readonly raw?: boolean;
  readonly formerMembers?: boolean;
  readonly restoreUnreported?: boolean;
}

interface MemberOperation {
  readonly id: string;
  readonly kind: ObjectKind;
  readonly event: "added" | "removed";
}

/** What happened to one object in the stretch. */
interface Touched {
  readonly kind: ObjectKind;
  /** Null: all of them (created or restored). */
  properties: Set<string> | null;
  readonly operations: MemberOperation[];
}

/** Entries of every change after `from` up to `to`. `minimal`: only changed properties (`Prefer: return=minimal`). */
export function changedEntries(
  exchange: Exchange,
  query: DeltaQuery,
  range: { readonly from: number; readonly to: number },
  twists: RoundTwists,
  minimal: boolean,
): readonly DeltaEntry[] {
  const touched = new Map<string, Touched>();
  for (const change of exchange.tenant.log.between(range.from, range.to)) note(touched, change, query, twists);
  const entries: DeltaEntry[] = [];
  for (const [id, what] of touched) {
    const object = exchange.tenant.objects.get(id);
    if (!object || object.deletedAt !== null) {
      const reason = object ? "changed" : "deleted";
      entries.push({ json: JSON.stringify({ ...typed(query, what.kind), id, "@removed": { reason } }), members: 0 });
      continue;
    }
    const hidden = object.properties["visibility"] === "HiddenMembership" && !hasRole(exchange, "Member.Read.Hidden");
    const operations = hidden ? [] : twists.raw ? what.operations : netOf(what.operations);
    const head = headOf(exchange, query, object, minimal ? what.properties : null);
    entries.push(...slices(exchange, head, operations));
  }
  return twist(entries, twists);
}

/** Entries of one object in an initial round. */
export function initialEntries(
  exchange: Exchange,
  query: DeltaQuery,
  object: DirectoryObject,
  twists: RoundTwists,
): readonly DeltaEntry[] {
  const head = headOf(exchange, query, object, null);
  if (object.kind !== "group" || !query.members) return [{ json: `${head}}`, members: 0 }];
  const operations: MemberOperation[] = [];
  const { tenant } = exchange;
  const current = [...visibleMembers(tenant, object.id, hasRole(exchange, "Member.Read.Hidden"))];
  for (const id of current) {
    const member = tenant.find(id);
    if (member) operations.push({ id, kind: member.kind, event: "added" });
  }
  if (twists.formerMembers) operations.push(...formerMembers(exchange, object.id, new Set(current)));
  return twist(slices(exchange, head, operations), twists);
}

function note(touched: Map<string, Touched>, change: Change, query: DeltaQuery, twists: RoundTwists): void {
  const id = change.about === "object" ? change.id : change.group;
  const kind = change.about === "object" ? change.kind : "group";
  const tracked = query.select[kind];
  if (!tracked || (query.ids && !query.ids.has(id))) return;
  if (change.about === "member") {
    if (!query.members) return;
    const what = touch(touched, id, kind);
    what.operations.push({ id: change.member, kind: change.memberKind, event: change.event });
    return;
  }
  if (change.event === "restored" && twists.restoreUnreported) return;
  if (change.event === "updated") {
    const changed = change.properties.filter((name) => tracked.includes(name));
    if (changed.length === 0) return;
    const what = touch(touched, id, kind);
    for (const name of changed) what.properties?.add(name);
    return;
  }
  touch(touched, id, kind).properties = null;
}

function touch(touched: Map<string, Touched>, id: string, kind: ObjectKind): Touched {
  let what = touched.get(id);
  if (!what) {
    what = { kind, properties: new Set(), operations: [] };
    touched.set(id, what);
  }
  return what;
}

/** The last operation on each member. */
function netOf(operations: readonly MemberOperation[]): readonly MemberOperation[] {
  return [...new Map(operations.map((operation) => [operation.id, operation])).values()];
}

function formerMembers(exchange: Exchange, groupId: string, current: ReadonlySet<string>): readonly MemberOperation[] {
  const { log } = exchange.tenant;
  const former = new Map<string, MemberOperation>();
  for (const change of log.between(0, log.last)) {
    if (change.about !== "member" || change.group !== groupId || current.has(change.member)) continue;
    former.set(change.member, { id: change.member, kind: change.memberKind, event: "removed" });
  }
  return [...former.values()];
}

/** The object without its closing brace, so that `members@delta` can follow. */
function headOf(
  exchange: Exchange,
  query: DeltaQuery,
  object: DirectoryObject,
  only: ReadonlySet<string> | null,
): string {
  const projection = Projection.of(query.select[object.kind] ?? null, "delta");
  let fields = projection.fields(object, only);
  if (!mayRead(exchange, object.kind)) {
    fields = Object.fromEntries(Object.keys(fields).map((name) => [name, name === "id" ? object.id : null]));
  }
  return JSON.stringify({ ...typed(query, object.kind), ...fields }).slice(0, -1);
}

function slices(exchange: Exchange, head: string, operations: readonly MemberOperation[]): DeltaEntry[] {
  if (operations.length === 0) return [{ json: `${head}}`, members: 0 }];
  const size = exchange.pageSizes.memberSlice;
  const entries: DeltaEntry[] = [];
  for (let start = 0; start < operations.length; start += size) {
    const slice = operations.slice(start, start + size);
    const members = slice.map(({ id, kind, event }) =>
      event === "added"
        ? { "@odata.type": typeName(kind), id }
        : { "@odata.type": typeName(kind), id, "@removed": { reason: "deleted" } },
    );
    entries.push({ json: `${head},"members@delta":${JSON.stringify(members)}}`, members: slice.length });
  }
  return entries;
}

function twist(entries: readonly DeltaEntry[], twists: RoundTwists): readonly DeltaEntry[] {
  const twisted = twists.duplicate ? [...entries, ...entries] : [...entries];
  return twists.reverse ? twisted.reverse() : twisted;
}

function typed(query: DeltaQuery, kind: ObjectKind): { "@odata.type"?: string } {
  return query.resource === "directoryObjects" ? { "@odata.type": typeName(kind) } : {};
}
