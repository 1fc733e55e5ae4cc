import { describe, expect, test } from "bun:test";
import type { Fault } from "../../src/simulator/faults.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { serveForFile } from "../support/simulator-client.ts";

const tenant = new SimulatedTenant({ id: crypto.randomUUID() });
const group = tenant.addGroup("Pro");
for (let index = 0; index < 3; index += 1)
  tenant.addMember(group, tenant.addUser({ mail: `p${index}@contoso.example` }));
const { simulator, origin, graph } = await serveForFile(tenant);
const path = `/v1.0/groups/${group}/members?$select=id,mail&$top=2`;

const hit = (fault: Fault, init?: RequestInit): Promise<Response> => {
  simulator.faults.add(fault);
  return graph(path, init);
};
const body = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

describe("throttling", () => {
  test.each([["10"], ["2.128"], ["Thu, 01 Jan 2026 10:00:10 GMT"], ["86400"], [undefined]])(
    "tells Retry-After: %s",
    async (retryAfter) => {
      const answer = await hit({ kind: "throttle", ...(retryAfter === undefined ? {} : { retryAfter }) });
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, retryAfter ?? null]);
      expect(await body(answer)).toMatchObject({ error: { code: "TooManyRequests" } });
    },
  );
});

describe("a failing service", () => {
  test.each([
    [500, "generalException"],
    [503, "serviceNotAvailable"],
    [504, "UnknownError"],
  ])("answers %p %s", async (status, code) => {
    const answer = await hit({ kind: "status", status });
    expect([answer.status, (await body(answer))["error"]]).toMatchObject([status, { code }]);
  });

  test("lets a proxy answer with a page", async () => {
    const answer = await hit({ kind: "html" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([502, "text/html"]);
  });

  test("answers with nothing", async () => {
    const answer = await hit({ kind: "empty" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  test("answers with half a body", async () => {
    const answer = await hit({ kind: "cut" });
    expect(answer.status).toBe(200);
    await expect(answer.json()).rejects.toThrow();
  });

  test.each([["never"], ["endless"]] as const)("leaves the caller waiting: %s", async (kind) => {
    const signal = AbortSignal.timeout(50);
    const answered = hit({ kind }, { signal }).then((answer) => answer.text());
    await expect(answered).rejects.toThrow();
    expect(signal.aborted).toBe(true);
  });

  test("breaks the connection", async () => {
    const answered = hit({ kind: "close" }).then((answer) => answer.text());
    await expect(answered).rejects.toThrow();
  });

  test("is slow", async () => {
    const begin = performance.now();
    expect((await hit({ kind: "slow", milliseconds: 30 })).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(29);
  });
});

describe("a page", () => {
  test("leads to itself for ever", async () => {
    const first = await body(await hit({ kind: "repeatNextLink", times: Number.POSITIVE_INFINITY }));
    const second = await body(await graph(String(first["@odata.nextLink"])));
    expect(second["@odata.nextLink"]).toBe(first["@odata.nextLink"]);
  });

  test("leads to a foreign origin", async () => {
    const answer = await body(await hit({ kind: "foreignNextLink", origin: "https://evil.example" }));
    expect(answer["@odata.nextLink"]).toStartWith("https://evil.example/v1.0/groups/");
  });

  test("is empty, with more behind it", async () => {
    const first = await body(await hit({ kind: "emptyPage" }));
    expect(first["value"]).toEqual([]);
    const second = await body(await graph(String(first["@odata.nextLink"])));
    expect(second["value"]).toHaveLength(2);
  });

  test("holds people without their properties", async () => {
    const { value } = (await body(await hit({ kind: "nullProperties" }))) as { value: { mail: unknown }[] };
    expect(value.map(({ mail }) => mail)).toEqual([null, null]);
  });
});

describe("a lost delta token", () => {
  test("is 410 with Location, or the code that is asked for", async () => {
    const gone = await hit({ kind: "deltaGone" });
    expect([gone.status, gone.headers.get("location")]).toEqual([
      410,
      `${origin}/v1.0/groups/${group}/members?$deltatoken=`,
    ]);
    const expired = await hit({ kind: "deltaExpired", status: 404, code: "resyncRequired" });
    expect([expired.status, (await body(expired))["error"]]).toMatchObject([404, { code: "resyncRequired" }]);
  });
});

test("a fault meets the requests it is meant for, as often as it should, after as many as it should let pass", async () => {
  simulator.faults.add({ kind: "status", status: 503, match: /members.*mail/, times: 2, after: 1 });
  const statuses: number[] = [];
  for (const target of [path, "/v1.0/groups", path, path, path]) statuses.push((await graph(target)).status);
  expect(statuses).toEqual([200, 200, 503, 503, 200]);
});

test("the log counts requests and their cost", async () => {
  simulator.log.reset();
  await graph(path);
  await graph("/v1.0/groups/delta");
  expect(simulator.log.counts).toEqual({ token: 0, graph: 2, batchItems: 0, resourceUnits: 2 });
  expect(simulator.log.count("/members?$select=id,mail")).toBe(1);
  expect(simulator.log.entries.map(({ status, tenant: id }) => [status, id])).toEqual([
    [200, tenant.id],
    [200, tenant.id],
  ]);
});
