import { expect, test } from "bun:test";
import { createSimulator } from "../../src/simulator/app.ts";
import { generateTenant } from "../../src/simulator/generate.ts";
import { registerApplication, serveSimulator } from "../support/serve-simulator.ts";
import { connect } from "../support/simulator-client.ts";

test("a generated tenant has its people in the tiers by their shares, and the same ones each time", () => {
  const options = { people: 1000, groupsPerTier: 2, shares: { Eco: 0.5, Pro: 0.5, No_Licence: 0 } };
  const first = generateTenant(options);
  expect((first.counts["Eco"] ?? 0) + (first.counts["Pro"] ?? 0)).toBe(1000);
  expect(first.counts["Eco"]).toBeWithin(400, 600);
  expect(first.teams["Pro"]).toHaveLength(2);
  expect(generateTenant(options).people).toEqual(first.people);
  expect(new Set(first.people).size).toBe(1000);
});

test("20,000 people are listed page by page, and a change costs a delta of one entry", async () => {
  const { tenant, tiers, people } = generateTenant({ people: 20_000, shares: { Eco: 1 } });
  const simulator = createSimulator([tenant]);
  const { origin, stop } = serveSimulator(simulator);
  const graph = await connect(origin, tenant, registerApplication(tenant));
  const read = async (path: string) =>
    (await (await graph(path)).json()) as { value: unknown[]; [link: string]: unknown };
  const { "@odata.deltaLink": link } = await read("/v1.0/users/delta?$select=displayName&$deltatoken=latest");
  let count = 0;
  let next: unknown = `/v1.0/groups/${tiers["Eco"]}/transitiveMembers/microsoft.graph.user?$select=id,mail&$top=999`;
  while (typeof next === "string") {
    const page = await read(next);
    count += page.value.length;
    next = page["@odata.nextLink"];
  }
  expect(count).toBe(20_000);
  expect(simulator.log.counts.graph).toBe(22);
  tenant.updateUser(people[777] ?? "", { displayName: "New" });
  expect((await read(String(link))).value).toEqual([{ id: people[777], displayName: "New" }]);
  await stop();
});
