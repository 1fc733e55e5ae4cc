/** Whole lists, page by page (RFC 7644 §3.4.2.4). A list that is not whole is never taken for one. */
import { AgentError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { type Answer, isRecord, isRefusal, unreachable } from "./errors.ts";
import type { Service } from "./service.ts";
import type { Resource } from "./user-read.ts";

/** Times a list is begun anew because it changed while it was read. */
const TRIES = 3;

export interface ListRequest {
  readonly path: string;
  /** Attributes to ask for (`attributes=…`) or to leave out (`excludedAttributes=…`); empty: all. */
  readonly select: string;
  /** Only what fits it is listed; absent: everything. */
  readonly filter?: string;
  /** For errors: `reading the users`. */
  readonly what: string;
}

/** What `take` made of each resource, by id, each resource once. `take` gives null for what is of no use. */
export async function readList<T>(
  connection: Connection,
  service: Service,
  request: ListRequest,
  take: (resource: Resource) => T | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, T>> {
  for (let attempt = 1; ; attempt += 1) {
    const reading = await readOnce(connection, service, request, take, signal).catch((error: unknown) => {
      throw isRefusal(error) && request.filter === undefined ? notListed(error, connection.options.url) : error;
    });
    const { found, seen, total, steady } = reading;
    if (seen >= total && (steady || attempt === TRIES)) return found;
    if (attempt === TRIES) {
      throw unreachable(`${request.what}: the licence system says there are ${total} and lists ${seen}`);
    }
    connection.options.logger.debug("{what}: the list changed meanwhile, reading it again", { what: request.what });
  }
}

async function readOnce<T>(
  connection: Connection,
  service: Service,
  request: ListRequest,
  take: (resource: Resource) => T | null,
  signal: AbortSignal,
): Promise<{ found: Map<string, T>; seen: number; total: number; steady: boolean }> {
  const found = new Map<string, T>();
  const seen = new Set<string>();
  let first: number | null = null;
  let total = 0;
  let steady = true;
  let select = request.select === "" ? "" : `&${request.select}`;
  const filter = request.filter === undefined ? "" : `&filter=${encodeURIComponent(request.filter)}`;
  for (let start = 1; ; ) {
    const path = `${request.path}?startIndex=${start}&count=${service.pageSize}${filter}`;
    const ask = (query: string): Promise<Answer> =>
      connection.ask({ method: "GET", path: path + query, what: request.what }, signal);
    const answer = await ask(select).catch((error: unknown) => {
      // Selecting is a service's duty, but not every service knows it; without it the list is only longer.
      if (select === "" || !isRefusal(error)) throw error;
      select = "";
      return ask(select);
    });
    const page = pageOf(answer, request.what);
    total = page.total;
    first ??= total;
    steady &&= total === first;
    const before = seen.size;
    for (const resource of page.resources) {
      const { id } = resource;
      if (typeof id !== "string" || seen.has(id)) continue;
      seen.add(id);
      const taken = take(resource);
      if (taken !== null) found.set(id, taken);
    }
    start += page.resources.length;
    // Some services give the size of the page as the total: a full page is not the last one until the next is empty.
    const doubtful = total === page.resources.length && total >= service.pageSize;
    // A page with nothing new ends it too: there are services that ignore startIndex.
    if (seen.size === before || (start > total && !doubtful)) break;
  }
  return { found, seen: seen.size, total, steady };
}

/** Refusals are one person's as a rule, and their hints say so. */
function notListed({ code, message, facts }: AgentError, url: string): AgentError {
  const hint = `\`target.url\` (${url}) must be the base address of a SCIM 2.0 service, and the agent's credential allowed to list what is there`;
  return new AgentError(code, message, { hint, facts });
}

export function pageOf({ body }: Answer, what: string): { total: number; resources: readonly Resource[] } {
  const total = body?.["totalResults"];
  const resources = body?.["Resources"] ?? [];
  if (typeof total !== "number" || !Array.isArray(resources)) {
    throw unreachable(`${what}: the answer is no SCIM list (totalResults is missing)`);
  }
  return { total, resources: resources.filter(isRecord) };
}
