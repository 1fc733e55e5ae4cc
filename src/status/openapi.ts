/** The OpenAPI 3.1 description of the status API; component and parameter schemas come from `schemas.ts` and `input.ts`. */
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import {
  approveBody,
  cycleQuery,
  DEFAULT_LIMIT,
  MAX_LIMIT,
  pageQuery,
  syncBody,
  tenantQuery,
  userQuery,
} from "./input.ts";
import * as schemas from "./schemas.ts";

const COMPONENTS = {
  Problem: schemas.problemSchema,
  Health: schemas.healthSchema,
  Readiness: schemas.readinessSchema,
  Seats: schemas.seatsSchema,
  Cycle: schemas.cycleSchema,
  Status: schemas.statusSchema,
  Person: schemas.personSchema,
  Event: schemas.eventSchema,
  Explanation: schemas.explanationSchema,
  Hold: schemas.holdSchema,
  Started: schemas.startedSchema,
  Step: schemas.stepSchema,
  People: schemas.pageOf(schemas.personSchema),
  Events: schemas.pageOf(schemas.eventSchema),
  Cycles: schemas.pageOf(schemas.cycleSchema),
  Holds: schemas.pageOf(schemas.holdSchema),
  SyncRequest: syncBody,
  ApproveRequest: approveBody,
};
type Component = keyof typeof COMPONENTS;

const CONVERSION: ConversionConfig = {
  target: "draft-2020-12", // the dialect of OpenAPI 3.1
  typeMode: "input",
  errorMode: "ignore",
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** By path template, then by lower-case method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
}

const ref = (name: Component) => ({ $ref: `#/components/schemas/${name}` });
const json = (name: Component, description: string) => ({
  description,
  content: { "application/json": { schema: ref(name) } },
});
const text = (description: string, ...types: string[]) => ({
  description,
  content: Object.fromEntries(types.map((type) => [type, { schema: { type: "string" } }])),
});
const fault = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: ref("Problem") } },
});
const FAULTS = {
  400: fault("A parameter or the body is not understood"),
  401: fault("The token is missing or wrong (reads: with protectReads only)"),
  403: fault("The Host or Origin of the request is not this computer"),
};
const MISSING = { 404: fault("Nobody and nothing by that name or id") };
const AMBIGUOUS = { 409: fault("The name fits more than one: use the object id") };

const inPath = (name: string, description: string) => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string" },
});
const USER = inPath("user", "Object id, address or user principal name, percent-encoded");

const ABOUT: Readonly<Record<string, string>> = {
  tenant: "Only this tenant",
  tier: "Tier held",
  state: "Only people in this state",
  q: "Part of an address or display name, or a whole object id; the case of no letter counts",
  limit: "Items in a page",
  after: "`next` of the page before",
};

function inQuery(schema: { readonly entries: Readonly<Record<string, v.GenericSchema>> }): readonly object[] {
  return Object.entries(schema.entries).map(([name, entry]) => ({
    name,
    in: "query",
    required: false,
    description: ABOUT[name] ?? "",
    schema:
      name === "limit"
        ? { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT } // text in a URL, a number to its reader
        : bare(toJsonSchema(entry, CONVERSION)),
  }));
}

function bare({ $schema: _, ...schema }: object & { $schema?: unknown }): object {
  return schema;
}

function read(tag: string, summary: string, ok: object, more: Partial<Operation> = {}): { readonly get: Operation } {
  const responses = { 200: ok, ...FAULTS, ...more.responses };
  return { get: { summary, tags: [tag], ...more, responses } };
}

function act(
  tag: string,
  summary: string,
  body: Component | null,
  more: Partial<Operation>,
): { readonly post: Operation } {
  const content = body === null ? undefined : { "application/json": { schema: ref(body) } };
  return {
    post: {
      summary,
      tags: [tag],
      security: [{ token: [] }],
      ...more,
      ...(content === undefined ? {} : { requestBody: { required: false, content } }),
      responses: {
        ...more.responses,
        ...FAULTS,
        ...MISSING,
        413: fault("The body is larger than 1 MB"),
      },
    },
  };
}

const HOLD = { parameters: [inPath("id", "The hold's id")], responses: { 200: json("Hold", "The hold") } };

function paths(): OpenApiDocument["paths"] {
  return {
    "/": read(
      "status",
      "The status for people",
      text("Text for curl, a page for browsers", "text/plain", "text/html"),
      {
        parameters: inQuery(tenantQuery),
        responses: MISSING,
      },
    ),
    "/healthz": read("health", "The process answers", json("Health", "Healthy"), {
      responses: { 503: json("Health", "Stopping") },
    }),
    "/readyz": read("health", "Every tenant is being synchronised", json("Readiness", "Ready"), {
      responses: { 503: json("Readiness", "Not ready; the reasons say why") },
    }),
    "/status": read("status", "The status for programs", json("Status", "The status"), {
      parameters: inQuery(tenantQuery),
      responses: MISSING,
    }),
    "/users": read("people", "People with state and reason", json("People", "A page of people"), {
      parameters: inQuery(userQuery),
      responses: MISSING,
    }),
    "/users/{user}": read("people", "One person and what led there", json("Explanation", "The person"), {
      parameters: [USER],
      responses: { ...MISSING, ...AMBIGUOUS },
    }),
    "/users/{user}/events": read(
      "people",
      "The account's event log, newest first",
      json("Events", "A page of events"),
      {
        parameters: [USER, ...inQuery(pageQuery)],
        responses: { ...MISSING, ...AMBIGUOUS },
      },
    ),
    "/cycles": read("cycles", "History, newest first", json("Cycles", "A page of cycles"), {
      parameters: inQuery(cycleQuery),
      responses: MISSING,
    }),
    "/cycles/{id}": read("cycles", "One cycle", json("Cycle", "The cycle"), {
      parameters: [inPath("id", "The cycle's id")],
      responses: MISSING,
    }),
    "/sync": act("cycles", "Start a cycle now, or queue it while one runs", "SyncRequest", {
      responses: { 202: json("Started", "Started or queued; Location names the first") },
    }),
    "/holds": read("holds", "What waits for approval", json("Holds", "All holds")),
    "/holds/{id}/approve": act("holds", "Approve all of a hold or some people's part of it", "ApproveRequest", HOLD),
    "/holds/{id}/reject": act("holds", "Reject a hold until the people's inputs change", null, HOLD),
    "/metrics": read("machines", "Prometheus metrics", text("One scrape", "text/plain")),
    "/openapi.json": read("machines", "This document", {
      description: "OpenAPI 3.1",
      content: { "application/json": { schema: { type: "object" } } },
    }),
    "/events": read(
      "machines",
      "What happens in cycles: events `started` and `finished` (data: Cycle) and `step` (data: Step)",
      text("Server-sent events", "text/event-stream"),
    ),
  };
}

export function openApiDocument(version: string): OpenApiDocument {
  const components = toJsonSchemaDefs(COMPONENTS, CONVERSION);
  return {
    openapi: "3.1.0",
    info: {
      title: "tiersync status API",
      version,
      description: "On loopback only. POST needs the token in keys/api.token; with protectReads GET needs it too.",
    },
    paths: paths(),
    components: {
      schemas: Object.fromEntries(Object.entries(components).map(([name, schema]) => [name, bare(schema)])),
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "The content of keys/api.token" } },
    },
  };
}
