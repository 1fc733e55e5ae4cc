import { describe, expect, test } from "bun:test";
import { expectOk } from "../../src/entra/graph-client.ts";
import { readPages } from "../../src/entra/pages.ts";
import { resolveGroup } from "../../src/entra/scope.ts";
import { AgentError } from "../../src/errors.ts";
import { call, fakeGraph, json } from "../support/fake-graph.ts";

const EMPTY = { value: [] };

async function failureOf(work: Promise<unknown>): Promise<AgentError> {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AgentError)) throw new TypeError(`no AgentError: ${String(thrown)}`);
  return thrown;
}

describe("requests", () => {
  test("bear the token on plain-http loopback addresses too", async () => {
    const graph = fakeGraph(() => json(EMPTY));
    await graph.reader.client.get("/groups", call());
    expect(graph.sent[0]?.url).toBe("http://127.0.0.1:9/v1.0/groups");
    expect(graph.sent[0]?.headers.get("authorization")).toBe("Bearer token-1");
    expect(graph.sent[0]?.headers.get("client-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("keep names with & # + quotes and addresses in one piece", async () => {
    const graph = fakeGraph(() => json({ value: [{ id: "g1", displayName: "x" }] }));
    const name = "R&D #1 + O'Brien https://a/b";
    await resolveGroup(graph.reader.client, { name }, call());
    const url = new URL(graph.sent[0]?.url ?? "");
    expect(url.origin).toBe("http://127.0.0.1:9");
    expect(url.searchParams.get("$filter")).toBe("displayName eq 'R&D #1 + O''Brien https://a/b'");
    expect(url.searchParams.get("$select")).toBe("id,displayName,visibility");
  });

  test("are never redirected", async () => {
    const graph = fakeGraph(() => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:10/" } }));
    const failure = await failureOf(graph.reader.client.get("/groups", call()).then((a) => expectOk(a, call())));
    expect(failure.code).toBe("ERR_GRAPH_REFUSED");
    expect(failure.hint).toContain("proxy");
    expect(graph.sent).toHaveLength(1);
  });

  test("are counted one by one, tries included", async () => {
    const graph = fakeGraph((_, index) => (index === 0 ? json({}, 503) : json(EMPTY)));
    await graph.reader.client.get("/groups", call());
    expect(graph.reader.client.requests()).toBe(2);
    expect(graph.tokens()).toBe(1);
  });
});

describe("links", () => {
  test("with = and %2B in their token are followed as they are", async () => {
    const link =
      "http://127.0.0.1:9/v1.0/groups/g1/members?$select=id,mail&$top=999&$skiptoken=RFNw%2BdAoAAQ==&x=(a=b)";
    const graph = fakeGraph((_, index) => json(index === 0 ? { ...EMPTY, "@odata.nextLink": link } : EMPTY));
    for await (const _ of readPages(graph.reader.client, "/groups/g1/members", call(), 10));
    const followed = new URL(graph.sent[1]?.url ?? "");
    expect(followed.searchParams.get("$skiptoken")).toBe("RFNw+dAoAAQ==");
    expect([...followed.searchParams].sort()).toEqual([...new URL(link).searchParams].sort());
  });

  const foreign = [
    "https://evil.example/v1.0/users",
    "http://127.0.0.1:10/v1.0/users",
    "https://127.0.0.1:9/v1.0/users",
    "http://127.0.0.1:9/elsewhere",
    "http://user@127.0.0.1:9/v1.0/users",
    "/v1.0/users",
    "nonsense",
  ];
  test.each(foreign)("outside the Graph address are refused before anything is sent: %s", async (link) => {
    const graph = fakeGraph(() => json({ ...EMPTY, "@odata.nextLink": link }));
    const pages = readPages(graph.reader.client, "/users", call(), 10);
    expect((await failureOf(pages.next())).code).toBe("ERR_GRAPH_ORIGIN");
    expect(graph.sent).toHaveLength(1);
  });

  test("that never end are given up", async () => {
    const next = (n: number) => `http://127.0.0.1:9/v1.0/users?$skiptoken=${n}`;
    const graph = fakeGraph((_, index) => json({ value: [{ id: "u" }], "@odata.nextLink": next(index) }));
    const reading = (async () => {
      for await (const _ of readPages(graph.reader.client, "/users", call(), 10));
    })();
    expect((await failureOf(reading)).code).toBe("ERR_GRAPH_INCOMPLETE");
    expect(graph.sent.length).toBeLessThanOrEqual(11);
  });

  test.each([{}, { value: null }, { value: {} }, [], "text", null])(
    "an answer without a list is never an empty list: %p",
    async (body) => {
      const graph = fakeGraph(() => json(body));
      expect((await failureOf(readPages(graph.reader.client, "/users", call(), 10).next())).code).toBe(
        "ERR_GRAPH_INCOMPLETE",
      );
    },
  );
});

describe("tokens", () => {
  test("a 401 leads to one new token and one more try", async () => {
    const graph = fakeGraph((request) =>
      request.headers.get("authorization") === "Bearer token-2" ? json(EMPTY) : json({}, 401),
    );
    expect((await graph.reader.client.get("/groups", call())).status).toBe(200);
    expect(graph.tokens()).toBe(2);
    const refused = fakeGraph(() => json({}, 401));
    expect((await refused.reader.client.get("/groups", call())).status).toBe(401);
    expect(refused.sent).toHaveLength(2);
  });

  const lacking = { error: { code: "Authorization_RequestDenied", message: "Insufficient privileges." } };

  test("missing rights lead to one new token per cycle", async () => {
    const graph = fakeGraph(() => json(lacking, 403));
    await graph.reader.client.get("/groups", call());
    await graph.reader.client.get("/users", call());
    expect([graph.tokens(), graph.sent.length]).toEqual([2, 3]);
    graph.reader.client.begin();
    await graph.reader.client.get("/groups", call());
    expect(graph.tokens()).toBe(3);
  });

  test("requests side by side share the one new token", async () => {
    const graph = fakeGraph((request) =>
      request.headers.get("authorization") === "Bearer token-1" ? json(lacking, 403) : json(EMPTY),
    );
    const answers = await Promise.all([1, 2, 3, 4].map((n) => graph.reader.client.get(`/groups/${n}`, call())));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(graph.tokens()).toBe(2);
  });

  test("an error of the token endpoint keeps its code and facts through the SDK", async () => {
    const body = {
      error: "invalid_client",
      error_codes: [7000222],
      trace_id: "t-1",
      error_description: "AADSTS7000222: …",
    };
    const graph = fakeGraph(() => json(EMPTY), { token: () => json(body, 401) });
    const failure = await failureOf(graph.reader.client.get("/groups", call()));
    expect(failure).toMatchObject({ code: "ERR_CREDENTIAL", facts: { aadsts: "AADSTS7000222", traceId: "t-1" } });
    expect(graph.sent).toHaveLength(0);
  });
});

describe("throttling", () => {
  const waits: readonly [string, (now: number) => Record<string, string>, number, number][] = [
    ["whole seconds", () => ({ "retry-after": "10" }), 10_000, 10_000],
    ["fractional seconds", () => ({ "retry-after": "2.128" }), 2_128, 2_128],
    ["a date", (now) => ({ "retry-after": new Date(now + 42_000).toUTCString() }), 41_000, 42_000],
    ["more than the SDK's 180 seconds", () => ({ "retry-after": "200" }), 200_000, 200_000],
    ["a date in the past", () => ({ "retry-after": "Mon, 02 Mar 2020 08:00:00 GMT" }), 0, 0],
    ["nothing at all", () => ({}), 300, 700],
    ["something malformed", () => ({ "retry-after": "soon" }), 300, 700],
  ];
  test.each(waits)("waits as told: %s", async (_, headers, least, most) => {
    const graph = fakeGraph((_, index) => (index === 0 ? json({}, 429, headers(graph.now())) : json(EMPTY)));
    await graph.reader.client.get("/groups", call({ deadline: graph.now() + 240_000 }));
    expect(graph.waits).toHaveLength(1);
    expect(graph.waits[0]).toBeGreaterThanOrEqual(least);
    expect(graph.waits[0]).toBeLessThanOrEqual(most);
  });

  test("a wait that would pass the deadline is not begun", async () => {
    const graph = fakeGraph(() => json({}, 429, { "retry-after": "10" }));
    const failure = await failureOf(graph.reader.client.get("/groups", call({ deadline: graph.now() + 25_000 })));
    expect(failure).toMatchObject({ code: "ERR_GRAPH_THROTTLED", retryable: true });
    expect(graph.waits).toEqual([10_000, 10_000]);
  });

  test("without a deadline neither one wait nor their number is endless", async () => {
    const long = fakeGraph(() => json({}, 429, { "retry-after": "3600" }));
    expect((await failureOf(long.reader.client.get("/groups", call()))).code).toBe("ERR_GRAPH_THROTTLED");
    expect(long.waits).toEqual([]);
    const often = fakeGraph(() => json({}, 429, { "retry-after": "0" }));
    expect((await failureOf(often.reader.client.get("/groups", call()))).code).toBe("ERR_GRAPH_THROTTLED");
    expect(often.sent.length).toBeLessThanOrEqual(11);
    expect(Math.max(...often.waits)).toBeGreaterThan(1_000);
  });

  test("a stop ends the wait at once", async () => {
    const stop = new AbortController();
    const { sleepFor } = await import("../../src/entra/call.ts");
    const graph = fakeGraph(
      () => {
        setTimeout(() => stop.abort(new AgentError("ERR_STOPPED", "stopping")), 5);
        return json({}, 429, { "retry-after": "60" });
      },
      { sleep: sleepFor },
    );
    const began = performance.now();
    expect((await failureOf(graph.reader.client.get("/groups", call({ signal: stop.signal })))).code).toBe(
      "ERR_STOPPED",
    );
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("failures", () => {
  test("of the network are tried again a few times, in one place only", async () => {
    const graph = fakeGraph(() => {
      throw Object.assign(new TypeError("fetch failed"), {
        cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
      });
    });
    const failure = await failureOf(graph.reader.client.get("/groups", call()));
    expect(failure).toMatchObject({ code: "ERR_GRAPH_UNREACHABLE", retryable: true });
    expect(failure.message).toContain("ECONNREFUSED");
    expect(graph.sent).toHaveLength(4);
  });

  test("an answer that does not come counts as one", async () => {
    const graph = fakeGraph(() => new Promise(() => {}), { limits: { requestTimeout: 10 } });
    const failure = await failureOf(graph.reader.client.get("/groups", call()));
    expect(failure.message).toContain("no answer in time");
  });

  test.each(["innerError", "innererror"])("bear their ids, which Graph spells %s", async (spelling) => {
    const error = {
      code: "Request_BadRequest",
      message: "secret text",
      [spelling]: { "request-id": "r-1", "client-request-id": "c-1" },
    };
    const graph = fakeGraph(() => json({ error }, 400));
    const failure = await failureOf(graph.reader.client.get("/groups", call()).then((a) => expectOk(a, call())));
    expect(failure.facts).toMatchObject({
      statusCode: 400,
      graphCode: "Request_BadRequest",
      requestId: "r-1",
      clientRequestId: "c-1",
    });
    expect(failure.message).toContain("request-id r-1");
    expect(JSON.stringify(failure) + failure.message).not.toContain("secret text");
  });

  const odd: readonly [string, () => Response][] = [
    ["a proxy's page", () => new Response("<html>", { status: 400 })],
    ["no body at all", () => new Response(null, { status: 400 })],
    [
      "an empty body that claims JSON",
      () => new Response("", { status: 400, headers: { "content-type": "application/json" } }),
    ],
  ];
  test.each(odd)("%s is an error with its status", async (_, answer) => {
    const graph = fakeGraph(answer);
    const failure = await failureOf(graph.reader.client.get("/groups", call()).then((a) => expectOk(a, call())));
    expect(failure.facts).toMatchObject({ statusCode: 400, graphCode: null });
  });

  test("missing rights name the permissions", async () => {
    const graph = fakeGraph(() => json({ error: { code: "Authorization_RequestDenied" } }, 403));
    const failure = await failureOf(graph.reader.client.get("/groups", call()).then((a) => expectOk(a, call())));
    expect(failure.code).toBe("ERR_GRAPH_FORBIDDEN");
    expect(failure.hint).toContain("GroupMember.Read.All");
  });
});
