/** What a delta tracks: baked into its tokens, as Graph does, so that no later request can change it. */
import { DEFAULT_PROPERTIES, type ObjectKind } from "./directory-objects.ts";
import { type FilterTerm, parseFilter } from "./filter.ts";
import { badRequest } from "./graph-error.ts";
import { checkSelect, type Query } from "./query.ts";
import type { SimulatedTenant } from "./tenant.ts";

export type DeltaResource = "users" | "groups" | "directoryObjects";

export interface DeltaQuery {
  readonly resource: DeltaResource;
  /** Properties by tracked kind; `members` apart. */
  readonly select: Readonly<Partial<Record<ObjectKind, readonly string[]>>>;
  readonly members: boolean;
  /** Null: the whole tenant. */
  readonly ids: ReadonlySet<string> | null;
  /** Query of the first request, for the `Location` of a reset. */
  readonly search: string;
}

const MAX_IDS = 50;

/** Throws 400: filters on anything but ids, more than 50 of them, unknown properties. */
export function parseDeltaQuery(resource: DeltaResource, query: Query): DeltaQuery {
  const terms = query.filter === null ? [] : parseFilter(query.filter);
  const ids = filteredIds(terms);
  const kinds = trackedKinds(resource, terms);
  const select: Partial<Record<ObjectKind, readonly string[]>> = {};
  let members = false;
  for (const kind of kinds) {
    const names = query.select === null ? null : namesFor(kind, resource, query.select);
    if (kind === "group") members = names?.includes("members") ?? true;
    const properties = names?.filter((name) => kind !== "group" || name !== "members") ?? DEFAULT_PROPERTIES[kind];
    checkSelect(properties, [kind], `microsoft.graph.${kind}`);
    select[kind] = properties;
  }
  const options = [
    query.select && `$select=${query.select.join(",")}`,
    query.filter && `$filter=${encodeURIComponent(query.filter)}`,
  ];
  return { resource, select, members, ids, search: options.filter(Boolean).join("&") };
}

function filteredIds(terms: readonly FilterTerm[]): ReadonlySet<string> | null {
  const ids = new Set<string>();
  for (const term of terms) {
    if (term.kind === "isof") continue;
    const [value] = term.values;
    if (term.property !== "id" || term.operator !== "eq" || typeof value !== "string") {
      throw badRequest("Delta queries can be filtered by 'id eq' only.");
    }
    ids.add(value.toLowerCase());
  }
  if (ids.size > MAX_IDS) throw badRequest(`Too many ids in the filter of a delta query. Max allowed: ${MAX_IDS}.`);
  return ids.size > 0 ? ids : null;
}

function trackedKinds(resource: DeltaResource, terms: readonly FilterTerm[]): readonly ObjectKind[] {
  const types = terms.filter((term) => term.kind === "isof").map(({ type }) => type);
  if (resource !== "directoryObjects") {
    if (types.length > 0) throw badRequest("isof is not supported for this resource.");
    return resource === "users" ? ["user"] : ["group"];
  }
  const kinds: readonly ObjectKind[] = ["user", "group", "device", "orgContact"];
  return types.length === 0 ? kinds : kinds.filter((kind) => types.includes(`microsoft.graph.${kind}`));
}

/** On directoryObjects the properties are written with their type: `microsoft.graph.user/surname`. */
function namesFor(kind: ObjectKind, resource: DeltaResource, select: readonly string[]): readonly string[] {
  if (resource !== "directoryObjects") return select;
  const prefix = `microsoft.graph.${kind}/`;
  return select.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** Queries that tokens were given for, by tenant; a token names its query by number. */
const registries = new WeakMap<SimulatedTenant, { queries: DeltaQuery[]; numbers: Map<string, number> }>();

export function registerQuery(tenant: SimulatedTenant, query: DeltaQuery): number {
  let registry = registries.get(tenant);
  if (!registry) {
    registry = { queries: [], numbers: new Map() };
    registries.set(tenant, registry);
  }
  const key = `${query.resource}?${query.search}`;
  const known = registry.numbers.get(key);
  if (known !== undefined) return known;
  registry.numbers.set(key, registry.queries.length);
  return registry.queries.push(query) - 1;
}

export function registeredQuery(tenant: SimulatedTenant, number: number): DeltaQuery | null {
  return registries.get(tenant)?.queries[number] ?? null;
}
