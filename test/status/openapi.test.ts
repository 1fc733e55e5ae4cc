import { describe, expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { openApiDocument } from "../../src/status/openapi.ts";
import { ADA, cycle, hold, person, plainApp, post, status, tenant } from "./plain-console.ts";

const document = openApiDocument("1.0.0");

/** The document with every object closed: a field that an answer has and the description has not is found. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in copy ? { ...copy, additionalProperties: false } : copy;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: "api", components: closed(document.components) });

function remarks(component: string, value: unknown): unknown {
  const validate = ajv.getSchema(`api#/components/schemas/${component}`);
  if (validate === undefined) throw new Error(`no schema ${component}`);
  return validate(value) ? [] : validate.errors;
}

const refused = cycle({
  outcome: "failed",
  held: { revoke: 3 },
  failures: [{ user: ADA, code: "ERR_TARGET_REFUSED", message: "no" }],
  error: { code: "ERR_STORE", message: "m", hint: "h" },
});
const finding = { level: "error", file: "rules/a.yaml", line: 1, column: 1, path: "", message: "m" } as const;
const rich = {
  people: [
    person(),
    person({ id: "b", rule: null, tier: null, wanted: null, position: null, targetId: null, seat: null }),
  ],
  holds: [hold()],
  cycles: [refused, cycle({ id: "c-0", finishedAt: null, durationMs: null, outcome: null })],
  status: status({
    rules: { files: 1, rules: 1, loadedAt: "2026-11-23T20:00:00.000Z", errors: [finding] },
    tenants: [
      tenant({
        holds: [{ ...hold() }].map(({ id, kinds, since, expiresAt }) => ({ id, kinds, since, expiresAt })),
        lastCycle: refused,
      }),
      tenant({ name: "bare", credential: null, lastCycle: null, nextRun: null }),
      tenant({ name: "slow", slowedDown: { failures: 4, leftOut: 2 } }),
    ],
  }),
};

const answers: [string, string, RequestInit, number, string][] = [
  ["/healthz", "/healthz", {}, 200, "Health"],
  ["/readyz", "/readyz", {}, 200, "Readiness"],
  ["/status", "/status", {}, 200, "Status"],
  ["/users", "/users?limit=1", {}, 200, "People"],
  ["/users/{user}", `/users/${ADA}`, {}, 200, "Explanation"],
  ["/users/{user}", "/users/b", {}, 200, "Explanation"],
  ["/users/{user}/events", `/users/${ADA}/events`, {}, 200, "Events"],
  ["/cycles", "/cycles", {}, 200, "Cycles"],
  ["/cycles/{id}", "/cycles/c-0", {}, 200, "Cycle"],
  ["/holds", "/holds", {}, 200, "Holds"],
  ["/holds/{id}/approve", "/holds/h-7/approve", post(), 200, "Hold"],
  ["/holds/{id}/reject", "/holds/h-7/reject", post(), 200, "Hold"],
  ["/sync", "/sync", post(), 202, "Started"],
  ["/users", "/users?limit=0", {}, 400, "Problem"],
  ["/users/{user}", "/users/nobody", {}, 404, "Problem"],
  ["/", "/?tenant=nope", {}, 404, "Problem"],
  ["/status", "/status?tenant=nope", {}, 404, "Problem"],
  ["/users", "/users?tenant=nope", {}, 404, "Problem"],
  ["/cycles", "/cycles?tenant=nope", {}, 404, "Problem"],
  ["/sync", "/sync", { method: "POST" }, 401, "Problem"],
  ["/sync", "/sync", post("{"), 400, "Problem"],
];

describe("/openapi.json", () => {
  test.each(answers)("describes what %s answers (%s)", async (template, path, init, code, component) => {
    const response = await plainApp(rich).app.request(path, init);
    const method = (init.method ?? "GET").toLowerCase();
    const described = document.paths[template]?.[method]?.responses[String(code)];
    const mediaType = response.headers.get("Content-Type")?.split(";")[0] ?? "";
    expect(response.status).toBe(code);
    expect(described).toMatchObject({
      content: { [mediaType]: { schema: { $ref: `#/components/schemas/${component}` } } },
    });
    expect(remarks(component, await response.json())).toEqual([]);
  });

  test("has every route of the app and no other", () => {
    const routes = plainApp()
      .app.routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  test("describes the query parameters that are understood", () => {
    const names = (path: string) =>
      (document.paths[path]?.get?.parameters ?? []).map((parameter) => ("name" in parameter ? parameter.name : null));
    expect(names("/users")).toEqual(["tenant", "tier", "state", "q", "limit", "after"]);
    expect(names("/cycles")).toEqual(["tenant", "limit", "after"]);
    for (const path of ["/", "/status"]) expect(names(path)).toEqual(["tenant"]);
    expect(names("/users/{user}/events")).toEqual(["user", "limit", "after"]);
  });

  test("refers to nothing that is not there, and every template's parameter is declared", () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(document.components.schemas).toHaveProperty(name ?? "");
    }
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
        for (const { parameters } of Object.values(operations))
          expect(parameters).toContainEqual(expect.objectContaining({ name, in: "path" }));
      }
    }
  });

  test("is what the app serves, and a wrong answer would be noticed", async () => {
    const response = await plainApp().app.request("/openapi.json");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
    expect(remarks("Cycle", { ...cycle(), outcome: "fine" })).not.toEqual([]);
    expect(remarks("Cycle", { ...cycle(), startedAt: "yesterday" })).not.toEqual([]);
    expect(remarks("Cycle", { ...cycle(), more: 1 })).not.toEqual([]);
  });
});
