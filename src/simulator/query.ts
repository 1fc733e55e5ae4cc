/** Query options as strict as Graph reads them: what an address does not support is refused, never ignored. */
import { ELSEWHERE, type ObjectKind, PROPERTIES } from "./directory-objects.ts";
import { badRequest, GraphFailure } from "./graph-error.ts";

export type QueryOption = "$select" | "$filter" | "$top" | "$count" | "$skiptoken" | "$deltatoken";

export interface Query {
  readonly select: readonly string[] | null;
  readonly filter: string | null;
  readonly top: number | null;
  readonly count: boolean;
  readonly skipToken: string | null;
  readonly deltaToken: string | null;
}

const ODATA = new Set(["$select", "$filter", "$top", "$count", "$skiptoken", "$deltatoken"]);
const ODATA_REFUSED = new Set(["$expand", "$orderby", "$search", "$skip", "$apply", "$format", "$compute", "$levels"]);

/** Names are taken without regard to case. Throws 400 for anything that is not in `allowed`, doubled, or malformed. */
export function parseQuery(url: URL, allowed: readonly QueryOption[]): Query {
  const values = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (!ODATA.has(key) && !ODATA_REFUSED.has(key))
      throw badRequest(`Unrecognized query argument specified: '${name}'.`);
    if (!(allowed as readonly string[]).includes(key)) throw badRequest(`'${key}' is not supported by the service.`);
    if (values.has(key)) throw badRequest(`Query option '${key}' was specified more than once.`);
    if (value === "" && key === "$deltatoken") continue; // what the Location of a 410 carries: from the beginning
    if (value === "") throw badRequest(`The value for OData query '${key}' cannot be empty.`);
    values.set(key, value);
  }
  return {
    select:
      values
        .get("$select")
        ?.split(",")
        .map((name) => name.trim()) ?? null,
    filter: values.get("$filter") ?? null,
    top: parseTop(values.get("$top")),
    count: parseCount(values.get("$count")),
    skipToken: values.get("$skiptoken") ?? null,
    deltaToken: values.get("$deltatoken") ?? null,
  };
}

function parseTop(text: string | undefined): number | null {
  if (text === undefined) return null;
  const top = Number(text);
  if (!/^\d+$/.test(text) || top < 1) throw badRequest(`Invalid value '${text}' for $top query option found.`);
  if (top > 999) throw badRequest(`Invalid page size specified: '${text}'. Must be between 1 and 999 inclusive.`);
  return top;
}

function parseCount(text: string | undefined): boolean {
  if (text !== undefined && text !== "true" && text !== "false") throw badRequest("Invalid value for $count.");
  return text === "true";
}

/** Throws when none of the kinds has a selected property (400), or it is kept outside the directory (501). */
export function checkSelect(select: readonly string[], kinds: readonly ObjectKind[], type: string): void {
  for (const name of select) {
    if (kinds.some((kind) => PROPERTIES[kind].has(name)) || /^extension_[0-9a-f]{32}_\w+$/i.test(name)) continue;
    if (ELSEWHERE.has(name)) {
      throw new GraphFailure(501, "NotImplemented", `Property '${name}' is not supported in this request.`);
    }
    throw new GraphFailure(
      400,
      "BadRequest",
      `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type '${type}'.`,
    );
  }
}
