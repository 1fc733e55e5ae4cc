/** Edits of a running agent's files, and what the cycles after them make of it. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CycleRecord } from "../../src/model/cycle.ts";
import { eventually } from "../support/eventually.ts";
import { openHome, RULES, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

const NAMES_NOBODY = RULES.replace("{group: Eco}", "{group: Newcomers}");

/** A cycle asked for at once, and how it ended. */
async function sync(home: TestHome, port: number): Promise<CycleRecord> {
  const token = readFileSync(join(home.home, "keys", "api.token"), "utf8").trim();
  const url = `http://127.0.0.1:${port}`;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const started = await fetch(`${url}/sync`, { method: "POST", headers, body: "{}" });
  const { id } = (await started.json()) as { id: string };
  const ask = async (): Promise<CycleRecord> => (await (await fetch(`${url}/cycles/${id}`)).json()) as CycleRecord;
  return await eventually(ask, ({ outcome }) => outcome !== null);
}

test("a cycle that is asked for right after an edit goes by it", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Eco"]);
  const agent = await startTestAgent(home);
  home.writeRules(RULES.replace("tier: Eco,", "tier: Pro,"));
  expect(await sync(home, agent.port)).toMatchObject({ outcome: "succeeded", actions: { change: 1 } });
});

test("a tenant that was written into the file just now can be asked for", async () => {
  const home = openHome({ mailboxSettings: false });
  await startTestAgent(home);
  home.rewrite((text) => {
    const entry = /^tenants:\n([\s\S]*?)^tiers:/m.exec(text)?.[1] ?? "";
    return text.replace("tiers:\n", `${entry.replace("name: contoso", "name: fabrikam")}tiers:\n`);
  });
  expect(await home.run("sync", "--tenant", "fabrikam", "--json")).toMatchObject({
    code: 0,
    json: { cycles: [{ tenant: "fabrikam", outcome: "succeeded" }] },
  });
});

test("what counts after a restart only is said in the status", async () => {
  const home = openHome({ mailboxSettings: false });
  const agent = await startTestAgent(home);
  home.rewrite((text) => text.replace("status: {port: 0}", "status: {port: 8399}"));
  await sync(home, agent.port);
  expect(agent.status().warnings).toEqual(["`status:` of tiersync.yaml was edited: it counts after a restart"]);
});

describe("an edit that names a group which is not there", () => {
  test("is refused after a restart too", async () => {
    const home = openHome({ mailboxSettings: false });
    home.person("Ana", ["Eco"]);
    const first = await startTestAgent(home);
    await first.stop(2000);
    home.writeRules(NAMES_NOBODY);
    for (let restart = 0; restart < 2; restart += 1) {
      const agent = await startTestAgent(home);
      const { rules, tenants } = agent.status();
      expect(rules.errors).toMatchObject([{ file: "rules/secure-exchanges.yaml", line: 15 }]);
      expect(tenants).toMatchObject([{ users: { licensed: 1 }, lastCycle: { outcome: "succeeded" } }]);
      await agent.stop(2000);
    }
  });

  test("counts as soon as a cycle has found the group", async () => {
    const home = openHome({ mailboxSettings: false });
    const agent = await startTestAgent(home);
    home.writeRules(NAMES_NOBODY);
    expect(await sync(home, agent.port)).toMatchObject({ outcome: "succeeded" });
    expect(agent.status().rules.errors).toHaveLength(1);
    const group = home.tenant.addGroup("Newcomers");
    home.tenant.addMember(home.groups["SecureExchanges_Licences"] as string, group);
    home.person("Ana", [group]);
    expect(await sync(home, agent.port)).toMatchObject({ outcome: "succeeded", actions: { create: 0 } });
    expect(agent.status().rules.errors).toEqual([]);
    expect(await sync(home, agent.port)).toMatchObject({ outcome: "succeeded", actions: { create: 1, assign: 1 } });
  });
});
