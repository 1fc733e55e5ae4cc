/** `$filter` on `/groups` and `/users`. */
import type { DirectoryObject, ObjectKind } from "./directory-objects.ts";
import { type FilterTerm, type FilterValue, parseFilter } from "./filter.ts";
import { unsupportedQuery } from "./graph-error.ts";
import { idsInOrder } from "./object-list.ts";
import type { SimulatedTenant } from "./tenant.ts";

const MAX_ALTERNATIVES = 15;

const FILTERABLE: Readonly<Record<"user" | "group", ReadonlySet<string>>> = {
  user: new Set(["id", "displayName", "mail", "userPrincipalName", "accountEnabled", "userType", "department"]),
  group: new Set(["id", "displayName", "mail", "mailNickname"]),
};

/** Ids among `all` that fit, in their order. Throws 400 for more than 15 alternatives and for properties that cannot be filtered on. */
export function filterIds(
  tenant: SimulatedTenant,
  kind: "user" | "group",
  filter: string | null,
  all: readonly string[],
): readonly string[] {
  if (filter === null) return all;
  const terms = parseFilter(filter).map((term) => {
    if (term.kind === "isof" || !FILTERABLE[kind].has(term.property)) {
      throw unsupportedQuery("Unsupported or invalid query filter clause specified for property of resource.");
    }
    return term;
  });
  const alternatives = terms.reduce((sum, { values }) => sum + values.length, 0);
  if (alternatives > MAX_ALTERNATIVES) {
    throw unsupportedQuery(
      `Too many child clauses specified in search filter expression containing 'OR' operators: ${alternatives}. Max allowed: ${MAX_ALTERNATIVES}.`,
    );
  }
  if (terms.every(({ property }) => property === "id")) return idsById(tenant, kind, terms);
  return all.filter((id) => {
    const object = tenant.find(id);
    return object !== null && terms.some((term) => fits(object, term));
  });
}

function idsById(
  tenant: SimulatedTenant,
  kind: ObjectKind,
  terms: readonly Extract<FilterTerm, { kind: "compare" }>[],
): readonly string[] {
  const wanted = terms.flatMap(({ values }) => values).filter((value) => typeof value === "string");
  const found = new Set(wanted.map((id) => id.toLowerCase()).filter((id) => tenant.find(id, kind)));
  return idsInOrder(tenant, `ids ${[...found].join()}`, () => found);
}

function fits(object: DirectoryObject, term: Extract<FilterTerm, { kind: "compare" }>): boolean {
  const actual = fold(object.properties[term.property] ?? null);
  return term.values.some((value) => fold(value) === actual);
}

/** Directory strings compare without regard to case. */
function fold(value: unknown): FilterValue | unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
