import { describe, expect, test } from "bun:test";
import { createSimulator } from "../../src/simulator/app.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { serveSimulator } from "../support/serve-simulator.ts";
import { connect, serveForFile } from "../support/simulator-client.ts";

interface Item {
  readonly id: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: { readonly "@odata.nextLink"?: string; readonly error?: { readonly code: string } };
}

const tenant = new SimulatedTenant({ id: crypto.randomUUID() });
for (const name of ["Eco", "Pro"]) tenant.addGroup(name);
const { simulator, origin, application, graph } = await serveForFile(tenant);

describe("a batch", () => {
  const post = (requests: unknown) =>
    graph("/v1.0/$batch", {
      method: "POST",
      body: JSON.stringify({ requests }),
      headers: { "content-type": "application/json" },
    });
  const item = (id: string, url = "/groups?$top=1", more = {}) => ({ id, method: "GET", url, ...more });
  const items = async (requests: unknown) => ((await (await post(requests)).json()) as { responses: Item[] }).responses;

  test("answers each item with its own status, headers and absolute links, in any order", async () => {
    simulator.faults.add({ kind: "throttle", retryAfter: "2.5", level: "batch", match: "/users" });
    const answers = await items([item("1"), item("2", "users"), item("3", "/users/nobody")]);
    const byId = Object.fromEntries(answers.map((answer) => [answer.id, answer]));
    expect(byId["1"]?.body["@odata.nextLink"]).toStartWith(`${origin}/v1.0/groups?$top=1&$skiptoken=`);
    expect([byId["2"]?.status, byId["2"]?.headers["Retry-After"]]).toEqual([429, "2.5"]);
    expect([byId["3"]?.status, byId["3"]?.body.error?.code]).toEqual([404, "Request_ResourceNotFound"]);
    expect(simulator.log.counts).toMatchObject({ graph: 1, batchItems: 3 });
  });

  test("comes back shuffled", async () => {
    const shuffling = createSimulator([tenant], { random: () => 0 });
    const server = serveSimulator(shuffling);
    const other = await connect(server.origin, tenant, application);
    const body = JSON.stringify({ requests: [item("a"), item("b")] });
    const answer = await other("/v1.0/$batch", { method: "POST", body });
    const { responses } = (await answer.json()) as { responses: { id: string }[] };
    expect(responses.map(({ id }) => id)).toEqual(["b", "a"]);
    await server.stop();
  });

  test("fails what depends on a failure with 424", async () => {
    const answers = await items([item("1", "/users/nobody"), item("2", "/groups", { dependsOn: ["1"] })]);
    expect(answers.map(({ id, status }) => [id, status])).toEqual([
      ["1", 404],
      ["2", 424],
    ]);
  });

  test("can answer 424 as a whole when an item is throttled, and write header names in lower case", async () => {
    simulator.faults.add({ kind: "throttle", retryAfter: "3", level: "batch" });
    simulator.faults.add({ kind: "batchFailedDependency", level: "http" });
    simulator.faults.add({ kind: "batchLowerCaseHeaders", level: "http" });
    const answer = await post([item("1")]);
    expect(answer.status).toBe(424);
    const { responses } = (await answer.json()) as { responses: { headers: Record<string, string> }[] };
    expect(responses[0]?.headers["retry-after"]).toBe("3");
  });

  test.each([
    ["with more than 20 items", Array.from({ length: 21 }, (_, index) => item(String(index)))],
    ["with ids that differ in case only", [item("a"), item("A")]],
    ["with absolute URLs", [item("1", "https://graph.microsoft.com/v1.0/groups")]],
    ["without items", []],
  ])("%s is refused as a whole", async (_title, requests) => {
    expect((await post(requests)).status).toBe(400);
  });
});
