/**
 * A small SCIM service that can be as strict, as poor or as troubled as a test wants it. Filters and PATCH are those of two independent
 * libraries (scim2-parse-filter, scim-patch).
 */
import { type Context, Hono } from "hono";
import { scimPatch } from "scim-patch";
import { filter as compileFilter, parse } from "scim2-parse-filter";
import { atEnd } from "./clean-up.ts";
import { plainFetch, type RecordingFetch } from "./recording-fetch.ts";

export type Json = Record<string, unknown>;
type Stored = Json & { id: string; meta: { version: string } };

export interface StrictOptions {
  readonly patch?: boolean;
  readonly filter?: boolean;
  /** enforced: `If-Match` must fit where it is sent; required: it must be sent. */
  readonly etag?: "enforced" | "required";
  readonly bulk?: { readonly maxOperations: number; readonly maxPayloadSize: number };
  /** What the service says that a page holds. */
  readonly pageSize?: number;
  /** What it holds at most, whatever is asked for. */
  readonly pageCap?: number;
  /** PATCH paths like `entitlements[value eq "Pro"]`; default true. */
  readonly picks?: boolean;
  /** POST leaves entitlements and roles out, in silence; default false. */
  readonly bareAccounts?: boolean;
  /** Attributes of the published User schema; absent: no schema is published. */
  readonly schema?: readonly Json[];
  readonly token?: () => string;
}

/** In a bulk request, `method` is like `BULK POST`. */
interface ScimCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Json | null;
}

export interface StrictScim extends Pick<RecordingFetch, "fetch" | "log"> {
  readonly url: string;
  readonly users: Map<string, Stored>;
  readonly groups: Map<string, Stored>;
  add(user: Json): string;
  addGroup(displayName: string, members?: readonly string[]): string;
  /** Asked before each request: an answer takes the place of the real one. */
  fault: (request: ScimCall) => Response | null;
  /** Asked when a request was carried out: an answer takes the place of the true one. */
  lie: (request: ScimCall) => Response | null;
  /** Called after each page of users that was listed. */
  listed: () => void;
  readonly recording: RecordingFetch;
}

const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";

export function scimError(
  status: number,
  scimType?: string,
  detail?: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ schemas: [ERROR], status: String(status), scimType, detail }, { status, headers });
}

export function strictScim(options: StrictOptions = {}): StrictScim {
  const users = new Map<string, Stored>();
  const groups = new Map<string, Stored>();
  let versions = 0;
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `id-${ids}`;
  };
  const store = (kept: Map<string, Stored>, resource: Json, id = newId()): Stored => {
    versions += 1;
    const stored = { ...resource, id, meta: { version: `W/"${versions}"` } };
    kept.set(id, stored);
    return stored;
  };
  const app = new Hono();

  app.use(async (context, next) => {
    const wanted = options.token?.() ?? "secret";
    if (context.req.header("authorization") !== `Bearer ${wanted}`) return scimError(401, undefined, "no such token");
    const { pathname, search: query } = new URL(context.req.url);
    const path = pathname.replace(/^\/scim/, "");
    const text = await context.req.text();
    const body = text.startsWith("{") ? (JSON.parse(text) as Json) : null;
    const call = { method: context.req.method, path, query, body };
    const fault = scim.fault(call);
    if (fault !== null) return fault;
    await next();
    context.res = scim.lie(call) ?? context.res;
    return undefined;
  });
  const supported = (value: boolean) => ({ supported: value });
  app.get("/scim/ServiceProviderConfig", (context) =>
    context.json({
      patch: supported(options.patch !== false),
      filter: { ...supported(options.filter !== false), maxResults: options.pageSize ?? 200 },
      etag: supported(options.etag !== undefined),
      bulk: { ...supported(options.bulk !== undefined), ...options.bulk },
    }),
  );
  app.get("/scim/Schemas", (context) =>
    options.schema === undefined
      ? scimError(404)
      : context.json({
          schemas: [LIST],
          Resources: [{ id: "urn:ietf:params:scim:schemas:core:2.0:User", attributes: options.schema }],
        }),
  );

  const matching = (kept: Map<string, Stored>, text: string | undefined): Stored[] => {
    if (text === undefined) return [...kept.values()];
    if (options.filter === false) return [];
    // Names and addresses are compared with case aside (RFC 7643 §2.2).
    const test = compileFilter(parse(lowerValues(text)));
    return [...kept.values()].filter((resource) => test(lowered(resource) as Json));
  };
  const taken = (kept: Map<string, Stored>, resource: Json, id: string | null): boolean =>
    [...kept.values()].some(
      (other) =>
        other.id !== id &&
        typeof resource["userName"] === "string" &&
        String(other["userName"]).toLowerCase() === resource["userName"].toLowerCase(),
    );
  const stale = (current: Stored, sent: string | undefined): Response | null => {
    if (options.etag === undefined) return null;
    if (sent === undefined)
      return options.etag === "required" ? scimError(428, undefined, "If-Match is required") : null;
    return sent === current.meta.version ? null : scimError(412, undefined, "changed meanwhile");
  };

  const write = (
    kept: Map<string, Stored>,
    method: string,
    id: string | null,
    body: Json,
    version?: string,
  ): Response => {
    const current = id === null ? undefined : kept.get(id);
    if (id !== null && current === undefined) return scimError(404, undefined, "no such resource");
    const old = current === undefined ? null : stale(current, version);
    if (old !== null) return old;
    if (method === "DELETE") {
      kept.delete(id ?? "");
      return new Response(null, { status: 204 });
    }
    let next = body;
    if (method === "POST" && options.bareAccounts === true)
      next = { ...body, entitlements: undefined, roles: undefined };
    if (method === "PATCH") {
      if (options.patch === false) return scimError(501, undefined, "no PATCH here");
      const patched = patch(structuredClone(current ?? {}) as Json, body, options.picks !== false);
      if (patched instanceof Response) return patched;
      next = patched;
    }
    if (kept === users && typeof next["userName"] !== "string")
      return scimError(400, "invalidValue", "userName is required");
    if (taken(kept, next, id)) return scimError(409, "uniqueness", "the user name is taken");
    const stored = store(kept, next, id ?? undefined);
    return Response.json(stored, { status: method === "POST" ? 201 : 200, headers: { etag: stored.meta.version } });
  };

  for (const [endpoint, kept] of [
    ["Users", users],
    ["Groups", groups],
  ] as const) {
    app.get(`/scim/${endpoint}`, (context) => {
      const { startIndex = "1", count = "100", filter, attributes, excludedAttributes } = context.req.query();
      const all = matching(kept, filter);
      const size = Math.min(Number(count), options.pageCap ?? options.pageSize ?? 200);
      const page = all.slice(Number(startIndex) - 1, Number(startIndex) - 1 + size);
      const selected = page.map((resource) => select(resource, attributes, excludedAttributes));
      const answer = context.json({ schemas: [LIST], totalResults: all.length, Resources: selected });
      if (filter === undefined && endpoint === "Users") scim.listed();
      return answer;
    });
    app.get(`/scim/${endpoint}/:id`, (context) => {
      const found = kept.get(context.req.param("id"));
      return found === undefined ? scimError(404) : context.json(found, 200, { etag: found.meta.version });
    });
    app.on(["PUT", "PATCH", "DELETE"], `/scim/${endpoint}/:id`, async (context) =>
      write(kept, context.req.method, context.req.param("id"), await bodyOf(context), context.req.header("if-match")),
    );
    app.post(`/scim/${endpoint}`, async (context) => write(kept, "POST", null, await bodyOf(context)));
  }

  app.post("/scim/Bulk", async (context) => {
    const operations = (await bodyOf(context))["Operations"] as Json[];
    const size = Buffer.byteLength(await context.req.text());
    if (options.bulk === undefined) return scimError(501);
    if (operations.length > options.bulk.maxOperations || size > options.bulk.maxPayloadSize) return scimError(413);
    const results: Json[] = [];
    for (const { method, path, bulkId, data, version } of operations) {
      const [, endpoint, id = null] = String(path).split("/");
      const kept = endpoint === "Users" ? users : groups;
      const call = { method: `BULK ${method}`, path: String(path), query: "", body: data as Json };
      const carryOut = () => write(kept, String(method), id, (data ?? {}) as Json, version as string | undefined);
      const done = scim.fault(call) ?? carryOut();
      const response = scim.lie(call) ?? done;
      const body = response.status === 204 ? null : ((await response.json()) as Json);
      const location = `${scim.url}/${endpoint}/${id ?? body?.["id"]}`;
      results.push({
        method,
        bulkId,
        location,
        status: String(response.status),
        ...(body === null ? {} : { response: body }),
      });
    }
    return context.json({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
      Operations: results.reverse(),
    });
  });

  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: app.fetch });
  atEnd(() => server.stop(true));
  const url = `http://127.0.0.1:${server.port}/scim`;
  const recording = plainFetch(url);
  const scim: StrictScim = {
    url,
    users,
    groups,
    add: (user) => store(users, { emails: [{ value: user["userName"], type: "work", primary: true }], ...user }).id,
    addGroup: (displayName, members = []) =>
      store(groups, { displayName, members: members.map((value) => ({ value })) }).id,
    fault: () => null,
    lie: () => null,
    listed: () => undefined,
    recording,
    log: recording.log,
    fetch: recording.fetch,
  };
  return scim;
}

async function bodyOf(context: Context): Promise<Json> {
  const text = await context.req.text();
  return text === "" ? {} : (JSON.parse(text) as Json);
}

function patch(resource: Json, body: Json, picks: boolean): Json | Response {
  const operations = body["Operations"] as { op: string; path?: string }[];
  for (const { op, path = "" } of operations) {
    if (!picks && path.includes("[")) return scimError(400, "invalidPath", "a plain attribute name is expected");
    const [, attribute, value] = /^(\w+)\[value eq "(.*)"\]$/.exec(path) ?? [];
    const values = ((resource[attribute ?? ""] ?? []) as { value: string }[]).map((item) => item.value);
    if (op === "remove" && attribute !== undefined && !values.includes(value ?? "")) {
      return scimError(400, "noTarget", "nothing fits the filter");
    }
  }
  try {
    return scimPatch(resource as never, operations as never) as Json;
  } catch (error) {
    return scimError(400, "invalidSyntax", String(error));
  }
}

function select(resource: Stored, attributes: string | undefined, excluded: string | undefined): Json {
  const wanted = attributes === undefined ? null : new Set(["id", ...attributes.split(",")]);
  const unwanted = new Set((excluded ?? "").split(","));
  return Object.fromEntries(Object.entries(resource).filter(([name]) => wanted?.has(name) ?? !unwanted.has(name)));
}

function lowerValues(filter: string): string {
  return filter.replace(/"(?:[^"\\]|\\.)*"/g, (value) => value.toLowerCase());
}

function lowered(value: unknown): unknown {
  if (typeof value === "string") return value.toLowerCase();
  if (Array.isArray(value)) return value.map(lowered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lowered(inner)]));
}
