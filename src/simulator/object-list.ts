/** Paged lists of directory objects. Pages follow the order of creation, so that changes between pages neither skip nor repeat anyone. */
import type { ObjectKind } from "./directory-objects.ts";
import { contextOf, type Exchange, isEventual, mayRead } from "./exchange.ts";
import { faultOf } from "./faults.ts";
import { badRequest, unsupportedQuery } from "./graph-error.ts";
import { Projection } from "./projection.ts";
import type { Query } from "./query.ts";
import { fingerprint, seal, unseal } from "./sealed-token.ts";
import type { SimulatedTenant } from "./tenant.ts";

export interface ObjectList {
  /** Ids of alive objects in order of creation. */
  readonly ids: readonly string[];
  readonly query: Query;
  /** For `@odata.context`: `users`, `groups`, `directoryObjects`. */
  readonly what: string;
  /** Whether items say their type: lists of mixed types do. */
  readonly typed: boolean;
  /** The query works only with `ConsistencyLevel: eventual`, on every page. */
  readonly needsEventual?: boolean;
}

/** Items a page when `$top` is absent. */
const DEFAULT_PAGE = 100;

interface SkipToken {
  readonly list: string;
  readonly after: number;
}

export function renderPage(exchange: Exchange, list: ObjectList): string {
  const { ids, query } = list;
  const bound = boundQuery(exchange.url);
  const after = readSkipToken(query.skipToken, bound);
  if (list.needsEventual && !isEventual(exchange)) throw unsupportedQuery("Invalid search request.");
  const start = firstAfter(exchange.tenant, ids, after);
  const empty = faultOf(exchange.faults, "emptyPage") !== null;
  const page = empty
    ? []
    : ids.slice(start, start + (query.top ?? DEFAULT_PAGE)).map((id) => exchange.tenant.require(id));
  const parts = [contextOf(exchange, list.what, query.select)];
  if (query.count && isEventual(exchange) && query.skipToken === null) parts.push(`"@odata.count":${ids.length}`);
  if (empty || start + page.length < ids.length) {
    parts.push(`"@odata.nextLink":${JSON.stringify(nextLink(exchange, bound, page.at(-1)?.ordinal ?? after))}`);
  }
  const projection = Projection.of(query.select, list.typed ? "typed" : "plain");
  const items = page.map((object) =>
    mayRead(exchange, object.kind) ? projection.render(object) : projection.renderLimited(object),
  );
  parts.push(`"value":[${items.join(",")}]`);
  return `{${parts.join(",")}}`;
}

/** Path and query without the page token: what a token is bound to. */
function boundQuery(url: URL): string {
  const kept = url.search.slice(1).split("&");
  const query = kept.filter((part) => part !== "" && !/^(\$|%24)skiptoken=/i.test(part)).join("&");
  return query === "" ? url.pathname : `${url.pathname}?${query}`;
}

function nextLink(exchange: Exchange, bound: string, after: number): string {
  const token: SkipToken & { nonce: string } = { list: fingerprint(bound), after, nonce: crypto.randomUUID() };
  return `${exchange.origin}${bound}${bound.includes("?") ? "&" : "?"}$skiptoken=${seal(token)}`;
}

function readSkipToken(token: string | null, bound: string): number {
  if (token === null) return 0;
  const payload = unseal(token) as SkipToken | null;
  if (payload?.list !== fingerprint(bound))
    throw badRequest("The specified page token value is invalid for this query.");
  return payload.after;
}

/** Index of the first id that was created after the given ordinal. */
export function firstAfter(tenant: SimulatedTenant, ids: readonly string[], ordinal: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tenant.objects.get(ids[middle] ?? "")?.ordinal ?? 0) > ordinal) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Ids by key, collected anew only when the tenant's version has moved on. */
const collected = new WeakMap<SimulatedTenant, { version: number; lists: Map<string, readonly string[]> }>();

/** Ids of alive objects in order of creation, remembered under `key` until memberships or population change. */
export function idsInOrder(tenant: SimulatedTenant, key: string, collect: () => Iterable<string>): readonly string[] {
  let cache = collected.get(tenant);
  if (cache?.version !== tenant.version) {
    cache = { version: tenant.version, lists: new Map() };
    collected.set(tenant, cache);
  }
  let ids = cache.lists.get(key);
  if (!ids) {
    const objects = [...collect()].map((id) => tenant.find(id)).filter((object) => object !== null);
    ids = objects.sort((a, b) => a.ordinal - b.ordinal).map(({ id }) => id);
    cache.lists.set(key, ids);
  }
  return ids;
}

/** Every alive object of a kind. */
export function idsOfKind(tenant: SimulatedTenant, kind: ObjectKind): readonly string[] {
  return idsInOrder(tenant, `kind ${kind}`, function* () {
    for (const object of tenant.objects.values()) if (object.kind === kind) yield object.id;
  });
}
