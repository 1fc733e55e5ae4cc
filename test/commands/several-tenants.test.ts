import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { exported, onlyHold, openHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

describe("several tenants in one home", () => {
  test("have seats of their own", async () => {
    const { home, fabrikam } = openTwoTenants({ seats: { Pro: 1 } }, [
      "tiers: {Eco: {seats: 5}, Advanced: {seats: 0}, Pro: {seats: 2}, No_Licence: {revokes: true}}",
    ]);
    home.person("Ana", ["Pro"]);
    fabrikam.person("Fay", ["Pro"]);
    fabrikam.person("Fin", ["Pro"]);
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(0);
    expect(json.cycles.map(({ tenant, outcome }) => [tenant, outcome])).toEqual([
      ["contoso", "succeeded"],
      ["fabrikam", "succeeded"],
    ]);
    const people = await exported(home);
    expect(["Ana", "Fay", "Fin"].map((name) => [people[name]?.tenant, people[name]?.tier])).toEqual([
      ["contoso", "Pro"],
      ["fabrikam", "Pro"],
      ["fabrikam", "Pro"],
    ]);
  });

  test.each([
    [
      "gets no token",
      (two: ReturnType<typeof openTwoTenants>) =>
        two.fabrikam.simulator.faults.add({ kind: "aadsts", code: 7000222, times: 100 }),
      "ERR_CREDENTIAL",
    ],
    [
      "lacks its parent group",
      (two: ReturnType<typeof openTwoTenants>) =>
        two.fabrikam.tenant.deleteGroup(two.fabrikam.tenant.groupNamed("SecureExchanges_Licences")),
      "ERR_GROUP_NOT_FOUND",
    ],
  ])("go on when one %s", async (_, breakIt, errorCode) => {
    const two = openTwoTenants();
    const { home, fabrikam } = two;
    home.person("Ana", ["Pro"]);
    fabrikam.person("Fay", ["Pro"]);
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    breakIt(two);
    home.person("Ben", ["Pro"]);
    fabrikam.person("Fin", ["Pro"]);
    const before = (await exported(home))["Fay"];
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(1);
    expect(json.cycles).toMatchObject([
      { tenant: "contoso", outcome: "succeeded", actions: { create: 1, assign: 1 }, error: null },
      { tenant: "fabrikam", outcome: "failed", actions: { create: 0 }, error: { code: errorCode } },
    ]);
    const people = await exported(home);
    expect(people["Ben"]).toMatchObject({ state: "licensed", tier: "Pro" });
    expect(people["Fay"]).toEqual(before);
    expect(people["Fin"]).toBeUndefined();
    // Alone, the good one is good.
    expect(await home.run("sync", "--tenant", "contoso")).toMatchObject({ code: 0 });
  });

  test("are all accounted for in a plan, those that cannot be read, too", async () => {
    const { home, fabrikam } = openTwoTenants();
    home.person("Ana", ["Pro"]);
    expect((await home.run("plan", "--json")).json.errors).toEqual([]);
    fabrikam.simulator.faults.add({ kind: "aadsts", code: 7000222, times: 100 });
    const one = await home.run("plan", "--json");
    expect(one.code).toBe(1);
    expect(one.json.tenants.map(({ name, actions }) => [name, actions.length])).toEqual([["contoso", 2]]);
    expect(one.json.errors).toEqual([
      {
        tenant: "fabrikam",
        code: "ERR_CREDENTIAL",
        message: expect.stringContaining("AADSTS7000222"),
        hint: expect.stringMatching(/./),
      },
    ]);
    expect(one.err).toContain("error: fabrikam: ");
    // What fails alone fails as every command does.
    const alone = await home.run("plan", "--tenant", "fabrikam", "--json");
    expect(alone.error.code).toBe("ERR_CREDENTIAL");
    home.simulator.faults.add({ kind: "aadsts", code: 7000215, times: 100 });
    const none = await home.run("plan", "--json");
    expect(none.code).toBe(1);
    expect(none.json).toMatchObject({ tenants: [], errors: [{ tenant: "contoso" }, { tenant: "fabrikam" }] });
    expect((await home.run("plan")).err).toMatch(/error: contoso: [\s\S]*error: fabrikam: /);
  });

  test("are told apart: the same address in both is two people, and USER alone is ambiguous", async () => {
    const { home, fabrikam } = openTwoTenants();
    const mail = "shared@partner.example";
    const ours = home.person("Ours", ["Pro"], { mail });
    const theirs = fabrikam.person("Theirs", ["Eco"], { mail });
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    const { code, error } = await home.run("explain", mail, "--json");
    expect(code).toBe(1);
    expect(error.code).toBe("ERR_AMBIGUOUS");
    for (const part of [ours, theirs, "contoso", "fabrikam"]) expect(error.message).toContain(part);
    expect((await home.run("explain", mail, "--tenant", "fabrikam", "--json")).json).toMatchObject({
      id: theirs,
      tier: "Eco",
    });
    expect((await home.run("explain", ours, "--json")).json).toMatchObject({ id: ours, tier: "Pro" });
  });

  test("are chosen by --tenant everywhere, and a name that is none is wrong usage", async () => {
    const { home, fabrikam } = openTwoTenants();
    home.person("Ana", ["Pro"]);
    fabrikam.person("Fay", ["Pro"]);
    expect((await home.run("sync", "--tenant", "Fabrikam", "--json")).json.cycles).toMatchObject([
      { tenant: "fabrikam" },
    ]);
    expect(Object.keys(await exported(home))).toEqual(["Fay"]);
    await home.run("sync");
    const { json } = await home.run("export", "--tenant", "contoso", "--json");
    expect(json.items.map(({ displayName }) => displayName)).toEqual(["Ana"]);
    const commands = [
      "sync",
      "plan",
      "check",
      "export",
      "holds",
      "explain Ana",
      "run",
      "cert show",
      "cert rotate",
      "rules test",
    ];
    for (const argv of commands.map((line) => line.split(" "))) {
      const { code, error } = await home.run(...argv, "--tenant", "contosso", "--json");
      expect({ argv, code }).toEqual({ argv, code: 2 });
      expect(error.message).toContain('did you mean "contoso"');
    }
  });

  test("are shown one by one by `status --tenant`", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false, seats: { Pro: 1 } });
    for (const name of ["Ana", "Ben"]) home.person(name, ["Pro"]);
    for (const name of ["Fay", "Fin"]) fabrikam.person(name, ["Pro"]);
    fabrikam.simulator.faults.add({ kind: "aadsts", code: 7000222, times: 100 });
    const { port } = await startTestAgent(home);
    const { json } = await home.run("status", "--tenant", "Contoso", "--json");
    expect(json).toMatchObject({ state: "idle", tenants: [{ name: "contoso", users: { waiting: 1 } }] });
    expect(json.tenants).toHaveLength(1);
    expect((await home.run("status", "--tenant", "fabrikam", "--json")).json.state).toBe("failing");
    const text = await home.run("status", "--tenant", "contoso");
    expect(text.code).toBe(0);
    expect(text.out).toContain("Ben");
    expect(text.out).not.toContain("fabrikam");
    const page = await fetch(`http://127.0.0.1:${port}/?tenant=contoso`, { headers: { accept: "text/html" } });
    expect(await page.text()).not.toContain("fabrikam");
    expect((await fetch(`http://127.0.0.1:${port}/status?tenant=nobody`)).status).toBe(404);
    for (const more of [[], ["--json"]]) {
      const { code, out, err } = await home.run("status", "--tenant", "contosso", ...more);
      expect(code).toBe(2);
      for (const part of ["did you mean", "there are: contoso, fabrikam"]) expect(out + err).toContain(part);
    }
  });

  test("have a certificate each, or none", async () => {
    const { home } = openTwoTenants();
    const { code, json } = await home.run("cert", "show", "--tenant", "contoso", "--json");
    expect(code).toBe(0);
    expect(json.items).toMatchObject([{ name: "contoso", tenants: ["contoso"] }]);
    expect((await home.run("cert", "show", "--tenant", "fabrikam", "--json")).json.items).toEqual([]);
    expect((await home.run("cert", "show", "--tenant", "fabrikam")).out).toBe("fabrikam uses no certificate\n");
    home.rewrite((text) => text.replace("schedule:", "shedule:"));
    expect(await home.run("cert", "show", "--tenant", "contoso", "--json")).toMatchObject({
      code: 2,
      error: { code: "ERR_CONFIG" },
    });
  });

  test("do not answer for each other's holds, beside a running agent neither", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
    const people = Array.from({ length: 10 }, (_, i) => fabrikam.person(`Fay ${i}`, ["Eco"]));
    await home.run("sync");
    for (const person of people.slice(0, 5))
      fabrikam.tenant.addMember(fabrikam.tenant.groupNamed("No_Licence"), person);
    const agent = await startTestAgent(home);
    const { id } = await onlyHold(home);
    for (const word of ["approve", "reject"]) {
      const { code, error } = await home.run("holds", word, id, "--tenant", "contoso", "--json");
      expect({ word, code, error }).toMatchObject({ word, code: 1, error: { code: "ERR_NOT_FOUND" } });
      const bogus = await home.run("holds", word, id, "--tenant", "bogus", "--json");
      expect(bogus).toMatchObject({ code: 2, error: { code: "ERR_USAGE", message: expect.stringContaining("bogus") } });
    }
    expect(await home.run("holds", "reject", id, "--tenant", "Fabrikam")).toMatchObject({ code: 0 });
    await agent.stop(2000);
    const bogus = await home.run("holds", "approve", id, "--tenant", "bogus", "--json");
    expect(bogus).toMatchObject({ code: 2, error: { code: "ERR_USAGE" } });
  });
});

test.each([
  "init",
  "demo --once",
  "backup monday.db",
  "rules check",
  "rules schema",
  "cert new x",
  "secret set x",
  "secret list",
  "service install --print",
  "service status",
  "version",
])("`%s` refuses --tenant, rather than ignore it", async (line) => {
  const home = openHome();
  const before = readdirSync(home.home, { recursive: true });
  const { code, error } = await home.run(...line.split(" "), "--tenant", "contoso", "--json");
  const words = line.split(" ").filter((word) => /^[a-w]+$/.test(word));
  expect({ code, error }).toMatchObject({
    code: 2,
    error: {
      code: "ERR_USAGE",
      message: expect.stringContaining(`\`tiersync ${words.slice(0, 2).join(" ")}\` takes no --tenant: `),
    },
  });
  expect(readdirSync(home.home, { recursive: true })).toEqual(before);
});
