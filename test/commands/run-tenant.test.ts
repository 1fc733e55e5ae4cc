/** `run --tenant`: an agent that stays, for one tenant of several. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusView } from "../../src/model/views.ts";
import { eventually } from "../support/eventually.ts";
import { exported, exportedPerson, openHome, RULES, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

/** Two tenants that were both synchronised, with news in both and something held in fabrikam; contoso's agent has done its first cycle. */
async function startContoso() {
  const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
  home.person("Ana", ["Pro"]);
  const people = Array.from({ length: 10 }, (_, i) => fabrikam.person(`Fay ${i}`, ["Eco"]));
  await home.run("sync");
  for (const person of people.slice(0, 5)) fabrikam.tenant.addMember(fabrikam.tenant.groupNamed("No_Licence"), person);
  await home.run("sync", "--tenant", "fabrikam");
  home.person("Ben", ["Eco"]);
  fabrikam.person("Fin", ["Eco"]);
  const before = await exported(home);
  const agent = await startTestAgent(home, {}, { tenant: "Contoso" });
  return { home, fabrikam, agent, before };
}

async function answer(port: number, path: string, post?: { home: TestHome; body: object }) {
  const init =
    post === undefined
      ? {}
      : {
          method: "POST",
          headers: {
            authorization: `Bearer ${readFileSync(join(post.home.home, "keys", "api.token"), "utf8").trim()}`,
          },
          body: JSON.stringify(post.body),
        };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

async function status(port: number): Promise<StatusView> {
  return JSON.parse((await answer(port, "/status")).text);
}

describe("an agent of one tenant", () => {
  test("works on that one, and leaves the other as it is", async () => {
    const { home, agent, before } = await startContoso();
    expect(await agent.firstCycles).toMatchObject([{ tenant: "contoso", actions: { create: 1, assign: 1 } }]);
    const asked = await answer(agent.port, "/sync", { home, body: {} });
    expect(JSON.parse(asked.text).cycles).toMatchObject([{ tenant: "contoso" }]);
    const { Ben, ...after } = await exported(home);
    expect(Ben).toMatchObject({ state: "licensed", tier: "Eco" });
    expect(after).toEqual(before);
  });

  test("shows nothing of the other, and says that nothing is done for it", async () => {
    const { home, agent } = await startContoso();
    const { tenants, warnings } = await status(agent.port);
    expect(tenants.map(({ name }) => name)).toEqual(["contoso"]);
    expect(warnings).toEqual([expect.stringContaining("nothing is done for fabrikam")]);
    const [hold] = (await home.run("holds", "--tenant", "fabrikam", "--json")).json.items;
    for (const path of ["/users?limit=1000", "/cycles", "/holds", "/readyz", "/metrics"]) {
      const { status: code, text } = await answer(agent.port, path);
      expect({ path, code, shown: text.includes("fabrikam") }).toEqual({ path, code: 200, shown: false });
    }
    for (const path of ["/users?tenant=fabrikam", "/cycles?tenant=fabrikam", "/users/fay.1@fabrikam.example"]) {
      expect({ path, code: (await answer(agent.port, path)).status }).toEqual({ path, code: 404 });
    }
    const approve = await answer(agent.port, `/holds/${hold?.id}/approve`, { home, body: {} });
    expect(approve).toMatchObject({ status: 404 });
    const sync = await answer(agent.port, "/sync", { home, body: { tenant: "fabrikam" } });
    expect(sync).toMatchObject({ status: 404, text: expect.stringContaining("works on contoso alone") });
  });

  test("cannot be asked for the other: `sync` is exit code 4 then, and begins nothing", async () => {
    const { home, agent } = await startContoso();
    const cycles = (await answer(agent.port, "/cycles")).text;
    for (const argv of [["sync"], ["sync", "--tenant", "fabrikam"]]) {
      const { code, error } = await home.run(...argv, "--json");
      expect({ argv, code, error }).toMatchObject({
        argv,
        code: 4,
        error: { code: "ERR_LOCKED", message: expect.stringContaining("works on contoso alone") },
      });
    }
    expect((await answer(agent.port, "/cycles")).text).toBe(cycles);
    expect(await home.run("sync", "--tenant", "contoso")).toMatchObject({ code: 0 });
  });

  test("goes by edits of its own tenant, and refuses the one that takes it away", async () => {
    const { home, agent, before } = await startContoso();
    home.writeRules(RULES.replace("tier: Eco,", "tier: Pro,"));
    expect(await home.run("sync", "--tenant", "contoso")).toMatchObject({ code: 0 });
    const { Ben, ...others } = await exported(home);
    expect(Ben).toMatchObject({ tier: "Pro" });
    expect(others).toEqual(before);
    home.rewrite((text) => text.replace("name: contoso", "name: cont"));
    const broken = await eventually(
      () => status(agent.port),
      ({ rules }) => rules.errors.length > 0,
    );
    expect(broken.rules.errors).toMatchObject([
      { file: "tiersync.yaml", message: expect.stringContaining("contoso is gone") },
    ]);
    expect(broken.tenants).toMatchObject([{ name: "contoso" }]);
    const asked = await answer(agent.port, "/sync", { home, body: {} });
    expect(JSON.parse(asked.text).cycles).toMatchObject([{ tenant: "contoso" }]);
    expect(Object.keys(await exported(home))).toHaveLength(12);
  });
});

test("a tenant of the same directory that is left out is not taken for the chosen one under its old name", async () => {
  const home = openHome({ mailboxSettings: false });
  home.rewrite((text) => text.replace("name: contoso", "name: second"));
  home.person("Ana", ["Pro"]);
  await home.run("sync");
  home.rewrite((text) => {
    const entry = /^tenants:\n([\s\S]*?)^tiers:/m.exec(text)?.[1] ?? "";
    return text.replace("tiers:\n", `${entry.replace("name: second", "name: contoso")}tiers:\n`);
  });
  const before = await exportedPerson(home, "Ana");
  await startTestAgent(home, {}, { tenant: "contoso" });
  const { json } = await home.run("export", "--tenant", "second", "--json");
  expect(json.items).toEqual([before]);
});

describe("the tenant's name", () => {
  test("that is none is wrong usage, and the known ones are told", async () => {
    const { home } = openTwoTenants({ mailboxSettings: false });
    const { code, error } = await home.run("run", "--tenant", "contosso", "--json");
    expect({ code, error }).toMatchObject({
      code: 2,
      error: {
        code: "ERR_USAGE",
        message: expect.stringContaining('did you mean "contoso"'),
        hint: "there are: contoso, fabrikam",
      },
    });
  });

  test("is one of the last good files while those are broken", async () => {
    const { home } = openTwoTenants({ mailboxSettings: false });
    const first = await startTestAgent(home);
    await first.stop(2000);
    home.rewrite((text) => text.replace("schedule:", "shedule:"));
    expect(await home.run("run", "--tenant", "nobody", "--json")).toMatchObject({
      code: 2,
      error: { code: "ERR_USAGE" },
    });
    const second = await startTestAgent(home, {}, { tenant: "fabrikam" });
    expect(await second.firstCycles).toMatchObject([{ tenant: "fabrikam", outcome: "succeeded" }]);
  });

  test("may have come into the files while no agent ran", async () => {
    const { home } = openTwoTenants({ mailboxSettings: false });
    const both = readFileSync(join(home.home, "tiersync.yaml"), "utf8");
    home.rewrite((text) => text.replace(/ {2}- name: fabrikam[\s\S]*?^tiers:/m, "tiers:"));
    const first = await startTestAgent(home);
    await first.stop(2000);
    home.rewrite(() => both);
    const second = await startTestAgent(home, {}, { tenant: "fabrikam" });
    expect(await second.firstCycles).toMatchObject([{ tenant: "fabrikam", outcome: "succeeded" }]);
  });
});
