/** Tenants whose names in tiersync.yaml change: seats, people and cycles stay theirs. */
import { expect, test } from "bun:test";
import { exported, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

const rename = (home: TestHome, from: string, to: string): void =>
  home.rewrite((text) => text.replace(new RegExp(`name: ${from}$`, "m"), `name: ${to}`));

/** A tenant's lines of tiersync.yaml. */
const entryOf = (name: string): RegExp => new RegExp(`^ {2}- name: ${name}\\n(?: {4}.*\\n)*`, "m");

/** Graph's answers wait until `go`; `asked`: the first request has come. */
function holdGraph({ simulator }: TestHome) {
  const { fetch } = simulator.app;
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  simulator.app.fetch = async (...args) => {
    asked.resolve();
    await held.promise;
    return await fetch(...args);
  };
  return { asked: asked.promise, go: () => held.resolve() };
}

test("no seat is invented for a tenant that gets another name and its old one back, under a running agent", async () => {
  const home = openHome({ mailboxSettings: false, seats: { Pro: 2 } });
  home.person("Ana", ["Pro"]);
  const agent = await startTestAgent(home);
  rename(home, "contoso", "contoso2");
  home.person("Ben", ["Pro"]);
  expect(await home.run("sync", "--json")).toMatchObject({ json: { cycles: [{ tenant: "contoso2" }] } });
  rename(home, "contoso2", "contoso");
  home.person("Cyd", ["Pro"]);
  expect(await home.run("sync", "--json")).toMatchObject({
    json: { cycles: [{ tenant: "contoso", actions: { create: 1, assign: 0, wait: 1 } }] },
  });
  expect(agent.status().tenants).toMatchObject([
    { name: "contoso", users: { licensed: 2, waiting: 1 }, lastCycle: { outcome: "succeeded" } },
  ]);
});

test("a cycle under the new name waits for the one that began under the old", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Pro"]);
  const agent = await startTestAgent(home);
  const { asked, go } = holdGraph(home);
  const before = home.run("sync", "--json");
  await asked;
  rename(home, "contoso", "contoso2");
  home.person("Ben", ["Pro"]);
  const after = home.run("sync", "--json");
  expect(agent.status().state).toBe("syncing");
  go();
  expect(await before).toMatchObject({ code: 0, json: { cycles: [{ tenant: "contoso", outcome: "succeeded" }] } });
  expect(await after).toMatchObject({ code: 0, json: { cycles: [{ tenant: "contoso2", outcome: "succeeded" }] } });
  expect(agent.status().tenants).toMatchObject([{ name: "contoso2", users: { licensed: 2 } }]);
});

test("a cycle ends and is recorded although its tenant was taken out of the file meanwhile", async () => {
  const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
  await startTestAgent(home);
  home.person("Ana", ["Pro"]);
  const { asked, go } = holdGraph(home);
  const ends = home.run("sync", "--tenant", "contoso", "--json");
  await asked;
  home.rewrite((text) => text.replace(entryOf("contoso"), ""));
  fabrikam.person("Finn", ["Eco"]);
  expect(await home.run("sync", "--json")).toMatchObject({ json: { cycles: [{ tenant: "fabrikam" }] } });
  go();
  expect(await ends).toMatchObject({
    code: 0,
    json: { cycles: [{ tenant: "contoso", outcome: "succeeded", actions: { create: 1 } }] },
  });
});

test("a tenant that got another name keeps its people, though its old name is a new tenant's", async () => {
  const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
  let both = "";
  home.rewrite((text) => {
    both = text;
    return text.replace(entryOf("fabrikam"), "");
  });
  home.person("Ana", ["Pro"]);
  fabrikam.person("Finn", ["Pro"]);
  await home.run("sync");
  home.rewrite(() =>
    both.replace("name: contoso\n", "name: contoso-old\n").replace("name: fabrikam\n", "name: contoso\n"),
  );
  expect((await home.run("sync", "--json")).json.cycles).toMatchObject([
    { tenant: "contoso-old", kind: "incremental", actions: { create: 0, assign: 0 } },
    { tenant: "contoso", kind: "initial", actions: { create: 1, assign: 1 } },
  ]);
  expect(await exported(home)).toMatchObject({
    Ana: { tenant: "contoso-old", state: "licensed", tier: "Pro" },
    Finn: { tenant: "contoso", state: "licensed", tier: "Pro" },
  });
});
