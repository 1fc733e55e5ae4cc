import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/errors.ts";
import { plainApp, plainConsole, post } from "./plain-console.ts";

async function problemOf(response: Response) {
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const body = await response.json();
  expect(body).toMatchObject({ type: "about:blank", status: response.status });
  for (const field of ["title", "detail", "code", "hint"]) expect(body[field]).toBeString();
  return body;
}

describe("what the API does not know", () => {
  test("an unknown path is 404", async () => {
    const { app } = plainApp();
    for (const path of ["/nowhere", "/users/", "/status/", "/cycles/a/b", "/keys/api.token", "/../keys/api.token"]) {
      const body = await problemOf(await app.request(path));
      expect(body).toMatchObject({ status: 404, title: "Not Found", code: "ERR_NOT_FOUND" });
    }
  });

  const methods: [string, string, string][] = [
    ["PUT", "/status", "GET, HEAD"],
    ["POST", "/status", "GET, HEAD"],
    ["DELETE", "/users/somebody", "GET, HEAD"],
    ["GET", "/sync", "POST"],
    ["HEAD", "/sync", "POST"],
    ["GET", "/holds/h-7/approve", "POST"],
    ["OPTIONS", "/", "GET, HEAD"],
  ];
  test.each(methods)("%s %s is 405 and Allow says %s", async (method, path, allow) => {
    const { app } = plainApp();
    const response = await app.request(path, { ...post(), method });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe(allow);
    if (method !== "HEAD") expect(await problemOf(response)).toMatchObject({ code: "ERR_BAD_REQUEST" });
  });

  test("an unknown person, cycle or hold is 404", async () => {
    const { app } = plainApp();
    for (const path of ["/users/nobody", "/users/nobody/events", "/cycles/c-99"]) {
      expect(await problemOf(await app.request(path))).toMatchObject({ status: 404, code: "ERR_NOT_FOUND" });
    }
    for (const path of ["/holds/h-99/approve", "/holds/h-99/reject"]) {
      expect(await problemOf(await app.request(path, post()))).toMatchObject({ status: 404, code: "ERR_NOT_FOUND" });
    }
  });
});

describe("query strings", () => {
  const bad: [string, string][] = [
    ["limit=0", '"limit" must be a whole number from 1 to 1000'],
    ["limit=1001", '"limit" must be a whole number from 1 to 1000'],
    ["limit=-1", '"limit" must be'],
    ["limit=ten", '"limit" must be'],
    ["limit=1e3", '"limit" must be'],
    ["limit=1.5", '"limit" must be'],
    ["state=asleep", '"state" must be one of licensed, waiting'],
    ["teir=Pro", 'unknown parameter "teir" (known: tenant, tier, state, q, limit, after)'],
    ["tier=Pro&tier=Eco", '"tier" is given 2 times'],
    [`q=${"x".repeat(321)}`, '"q" is longer than 320 characters'],
    ["__proto__=1", 'unknown parameter "__proto__"'],
  ];
  test.each(bad)("?%s is 400 and says why", async (query, detail) => {
    const { app, calls } = plainApp();
    const body = await problemOf(await app.request(`/users?${query}`));
    expect(body).toMatchObject({ status: 400, code: "ERR_BAD_REQUEST", detail: expect.stringContaining(detail) });
    expect(calls).toEqual([]);
  });

  test("every remark is made at once", async () => {
    const { app } = plainApp();
    const { detail } = await problemOf(await app.request("/users?limit=0&state=asleep&teir=Pro"));
    expect(detail.split("; ")).toHaveLength(3);
  });

  test("the console is asked for exactly what the query says, with the default page size", async () => {
    const { app, calls } = plainApp();
    await app.request("/users?tenant=contoso&tier=Pro&state=licensed&q=ada%40contoso&limit=1000&after=abc%3D");
    await app.request("/users?tenant=&tier=&state=&q=&limit=&after=");
    expect(calls).toEqual([
      ["users", { tenant: "contoso", tier: "Pro", state: "licensed", q: "ada@contoso", limit: 1000, after: "abc=" }],
      ["users", { limit: 100 }],
    ]);
  });
});

describe("bodies", () => {
  const bad: [string, string, unknown, string][] = [
    ["JSON that is cut", "/sync", '{"full": tru', "not valid JSON"],
    ["a list", "/sync", "[]", "must be a JSON object"],
    ["null", "/sync", "null", "must be a JSON object"],
    ["an unknown key", "/sync", { tennant: "contoso" }, 'unknown key "tennant" (known: tenant, full)'],
    ["a number as tenant", "/sync", { tenant: 7 }, '"tenant" must be a string'],
    ["text for a boolean", "/sync", { full: "yes" }, '"full" must be true or false'],
    ["nobody to approve", "/holds/h-7/approve", { only: [] }, '"only" names nobody'],
    ["a number among the users", "/holds/h-7/approve", { only: ["a", 7] }, '"only.1" must be a list of users'],
    ["text for a list", "/holds/h-7/approve", { only: "a" }, '"only" must be a list of users'],
    ["a query string", "/sync?full=true", {}, 'unknown parameter "full"'],
    ["anything to reject", "/holds/h-7/reject", { only: ["a"] }, 'unknown key "only"'],
  ];
  test.each(bad)("%s is 400 and starts nothing", async (_, path, body, detail) => {
    const { app, calls } = plainApp();
    const answer = await problemOf(await app.request(path, post(body)));
    expect(answer).toMatchObject({ status: 400, code: "ERR_BAD_REQUEST", detail: expect.stringContaining(detail) });
    expect(calls).toEqual([]);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "Application/JSON; charset=utf-8", ""])(
    "one sent as %p is read as JSON",
    async (type) => {
      const { app, calls } = plainApp();
      const answer = await app.request("/sync", post('{"full": true}', { "Content-Type": type }));
      expect(answer.status).toBe(202);
      expect(calls).toEqual([["sync", { full: true }]]);
      expect((await app.request("/sync", post(undefined, { "Content-Type": type }))).status).toBe(202);
    },
  );

  test("one of 1 MB is read, a byte more is 413, whether the length is announced or not", async () => {
    const { app, calls } = plainApp();
    const fits = `{}${" ".repeat(1024 * 1024 - 2)}`;
    expect((await app.request("/sync", post(fits))).status).toBe(202);
    const announced = post(`${fits} `, { "Content-Length": String(fits.length + 1) });
    expect(await problemOf(await app.request("/sync", announced))).toMatchObject({
      status: 413,
      detail: expect.stringContaining("1 MB"),
    });
    const streamed = new Response(`${fits} `).body;
    expect(await problemOf(await app.request("/sync", { ...post(), body: streamed }))).toMatchObject({ status: 413 });
    expect(calls).toHaveLength(1);
  });
});

describe("failures inside", () => {
  test("what the agent names is passed on with its hint", async () => {
    const { agent } = plainConsole();
    const failing = {
      ...agent,
      user: () => {
        throw new AgentError("ERR_AMBIGUOUS", "two people are called that");
      },
    };
    const { app } = plainApp({}, { console: failing });
    expect(await problemOf(await app.request("/users/ada"))).toMatchObject({
      status: 409,
      code: "ERR_AMBIGUOUS",
      detail: "two people are called that",
      hint: expect.stringContaining("object id"),
    });
  });

  test("what nobody foresaw is 500, told to the log and not to the client", async () => {
    const { agent } = plainConsole();
    const lines: unknown[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (message: string, properties?: unknown) => lines.push([message, properties]),
    };
    const failing = {
      ...agent,
      status: () => {
        throw new TypeError("inner detail of /srv/tiersync");
      },
    };
    const { app } = plainApp({}, { console: failing, log });
    const body = await problemOf(await app.request("/status"));
    expect(body).toMatchObject({ status: 500, code: "ERR_INTERNAL" });
    expect(JSON.stringify(body)).not.toContain("inner detail");
    expect(JSON.stringify(lines)).toContain("inner detail");
  });
});
