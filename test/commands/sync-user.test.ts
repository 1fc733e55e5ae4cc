/** `sync --user`: one person end to end, and nobody else. */
import { describe, expect, test } from "bun:test";
import { exported, onlyHold, openHome, RULES, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

function move(home: TestHome, person: string, from: string, to: string): void {
  home.tenant.removeMember(home.groups[from] as string, person);
  home.tenant.addMember(home.groups[to] as string, person);
}

async function syncUser(home: TestHome, user: string, ...options: string[]) {
  return await home.run("sync", "--user", user, "--json", ...options);
}

describe("sync --user", () => {
  test("creates and licenses that person, and leaves everybody else for the next cycle", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await home.run("sync");
    const ben = home.person("Ben", ["Pro"]);
    const cleo = home.person("Cleo", ["Eco"]);
    const { code, json } = await syncUser(home, "ben@contoso.example");
    expect(code).toBe(0);
    expect(json.cycles).toMatchObject([
      { tenant: "contoso", trigger: "cli", outcome: "succeeded", actions: { create: 1, assign: 1 } },
    ]);
    expect(json.user).toMatchObject({ id: ben, state: "licensed", tier: "Pro" });
    expect(json.user?.rules.map(({ outcome }) => outcome)).toContain("won");
    expect(json.steps).toMatchObject({
      tenant: "contoso",
      id: ben,
      directory: { displayName: "Ben", accountEnabled: true },
      before: null,
      done: [{ type: "created" }, { type: "assigned", tier: "Pro" }],
      held: [],
    });
    expect(Object.keys(await exported(home)).sort()).toEqual(["Ana", "Ben"]);
    const next = await home.run("sync", "--json");
    expect(next.json.cycles[0].actions).toMatchObject({ create: 1, assign: 1 });
    expect((await exported(home))["Cleo"]).toMatchObject({ id: cleo, state: "licensed" });
  });

  test("shows each step to people", async () => {
    const home = openHome();
    const lawyers = home.tenant.addGroup("Lawyers");
    home.tenant.addMember(home.groups["Pro"] as string, lawyers);
    home.person("Ana", [lawyers, "Eco"]);
    const { code, out } = await home.run("sync", "--user", "ana@contoso.example");
    expect(code).toBe(0);
    for (const line of [
      /^Ana$/m,
      /^directory +found, ana@contoso\.example, enabled/m,
      /^before +nothing was known/m,
      /^groups +Eco, Pro$/m,
      /won +pro +Pro, priority 30/,
      /lost +eco +Eco, priority 10/,
      /through Pro > Lawyers/,
      /^seats +Pro: 10 bought, 1 used/m,
      /^done +created, assigned Pro$/m,
      /^after +licensed: rule pro; holds Pro; since /m,
      /^contoso: initial cycle succeeded/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  test.each([
    ["object id", (id: string) => id.toUpperCase()],
    ["user principal name", () => "ana.login@contoso.example"],
    ["mail", () => "Ana@contoso.example"],
  ])("knows the person by %s, before and after the first time", async (_, name) => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"], { userPrincipalName: "ana.login@contoso.example" });
    for (const action of ["create", "none"]) {
      const { code, json } = await syncUser(home, name(ana));
      expect(code).toBe(0);
      expect(json.user?.id).toBe(ana);
      expect(json.cycles[0].actions.create).toBe(action === "create" ? 1 : 0);
    }
  });

  test("says that there is nothing to do for somebody in no group", async () => {
    const home = openHome();
    const ana = home.person("Ana", []);
    const { code, json } = await syncUser(home, "ana@contoso.example");
    expect(code).toBe(0);
    expect(json).toMatchObject({ user: null, steps: { id: ana, before: null, done: [], held: [] } });
    expect((await home.run("sync", "--user", ana)).out).toContain("in no group that the rules look at");
  });

  test("is exit code 1 when nobody has that name, and no cycle is done", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    for (const name of ["nobody@contoso.example", "12345678-0000-4000-8000-000000000000", "Ana"]) {
      expect(await syncUser(home, name)).toMatchObject({ code: 1, error: { code: "ERR_NOT_FOUND" } });
    }
    expect(await exported(home)).toEqual({});
  });

  test("releases somebody deleted in Entra, and says so", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    home.tenant.deleteUser(ana);
    const { code, json } = await syncUser(home, "ana@contoso.example");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      user: { id: ana, state: "unmanaged", tier: "Pro", zombie: true },
      steps: { directory: null, before: { state: "licensed" }, done: [{ type: "released" }] },
    });
    expect((await home.run("sync", "--user", ana)).out).toContain("deleted in Entra");
  });

  test("means who has the address now, not who had it", async () => {
    const home = openHome();
    const old = home.person("Ana", ["Pro"]);
    await home.run("sync");
    home.tenant.deleteUser(old);
    home.tenant.purgeUser(old);
    const fresh = home.person("Ana", ["Pro"]);
    const { json } = await syncUser(home, "ana@contoso.example");
    expect(json.user).toMatchObject({ id: fresh, state: "conflict", tier: null });
    expect((await home.run("export", "--json")).json.items).toContainEqual(
      expect.objectContaining({ id: old, state: "licensed", tier: "Pro" }),
    );
  });

  test("creates nothing for an address that somebody else wants, too, though nobody has it yet", async () => {
    const home = openHome();
    const [ana, ben] = ["Ana", "Ben"].map((name) => home.person(name, ["Pro"], { mail: "both@contoso.example" }));
    const { code, json } = await syncUser(home, ana as string);
    expect(code).toBe(0);
    expect(json.user).toMatchObject({ id: ana, state: "conflict", tier: null, targetId: null });
    expect((await home.run("export", "--json")).json.items).toHaveLength(1);
    await home.run("sync");
    expect((await exported(home))["Ben"]).toMatchObject({ id: ben, state: "conflict" });
  });

  test("reads everything again with --full", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    expect((await syncUser(home, ana, "--full")).json.cycles).toMatchObject([{ kind: "full", outcome: "succeeded" }]);
  });

  test("says what failed when the directory cannot be read, and does nothing", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    home.simulator.faults.add({ kind: "nullProperties", match: "/members", times: 1000 });
    const { code, json } = await syncUser(home, ana);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      cycles: [{ outcome: "failed", error: { code: "ERR_GRAPH_INCOMPLETE" } }],
      user: null,
    });
    expect((await home.run("sync", "--user", ana)).out).toContain("nothing: the cycle failed");
  });
});

describe("sync --user beside others", () => {
  test("does not end the initial phase: the first cycle of everybody still creates freely", async () => {
    const home = openHome({ extra: "guard: {create: {count: 1, percent: 1}}", mailboxSettings: false });
    const people = Array.from({ length: 5 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
    expect((await syncUser(home, people[0] as string)).json.cycles[0]).toMatchObject({ kind: "initial" });
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(0);
    expect(json.cycles[0]).toMatchObject({ kind: "initial", actions: { create: 4, assign: 4 }, held: {} });
  });

  test("does not overtake those who wait longer", async () => {
    const home = openHome({ seats: { Pro: 1 }, mailboxSettings: false });
    const holder = home.person("Holder", ["Pro"]);
    await home.run("sync");
    home.person("First", ["Pro"]);
    await home.run("sync");
    const second = home.person("Second", ["Pro"]);
    expect((await syncUser(home, second)).json.user).toMatchObject({ state: "waiting", position: 2, tier: null });
    move(home, holder, "Pro", "No_Licence");
    await syncUser(home, holder);
    // Now the seat is free, and it is the other's.
    const { code, json } = await syncUser(home, second);
    expect(code).toBe(0);
    expect(json.user).toMatchObject({ state: "waiting", tier: null });
    expect(json.cycles[0].actions).toMatchObject({ assign: 0 });
    await home.run("sync");
    expect((await exported(home))["First"]).toMatchObject({ state: "licensed", tier: "Pro" });
    expect((await exported(home))["Second"]).toMatchObject({ state: "waiting", position: 1 });
  });

  test("does not give a seat that only another person's move would free", async () => {
    const home = openHome({ seats: { Pro: 1, Eco: 1 }, mailboxSettings: false });
    const ana = home.person("Ana", ["Pro"]);
    const ben = home.person("Ben", ["Eco"]);
    await home.run("sync");
    home.tenant.addMember(home.groups["Eco"] as string, ana);
    move(home, ben, "Eco", "Pro");
    await home.run("sync"); // Ana stays Pro by priority; Ben waits for Pro.
    home.tenant.removeMember(home.groups["Pro"] as string, ana);
    // Ana waits for Eco, Ben for Pro: a swap that takes both.
    const { json } = await syncUser(home, ana);
    expect(json.user).toMatchObject({ state: "pending", tier: "Pro", reason: expect.stringContaining("next cycle") });
    expect((await exported(home))["Ben"]).toMatchObject({ state: "waiting", tier: "Eco" });
    expect((await home.run("sync", "--json")).json.cycles[0].actions).toMatchObject({ change: 2 });
    expect((await exported(home))["Ana"]).toMatchObject({ state: "licensed", tier: "Eco" });
    expect((await exported(home))["Ben"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });

  test("leaves what is held of others as it is, and holds what is this person's", async () => {
    const home = openHome({ mailboxSettings: false });
    const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
    await home.run("sync");
    for (const person of people.slice(0, 5)) move(home, person, "Eco", "No_Licence");
    expect((await home.run("sync")).code).toBe(3);
    const before = await onlyHold(home);
    const other = await syncUser(home, people[9] as string);
    expect(other).toMatchObject({ code: 0, json: { cycles: [{ outcome: "succeeded", held: {} }] } });
    const held = await syncUser(home, people[0] as string);
    expect(held).toMatchObject({
      code: 3,
      json: {
        cycles: [{ outcome: "held", held: { revoke: 1 } }],
        user: { state: "pending", tier: "Eco" },
        steps: { held: [{ id: before.id, actions: [{ kind: "revoke", user: people[0] }] }] },
      },
    });
    expect((await home.run("holds", "--json")).json.items).toEqual([before]);
    const text = await home.run("sync", "--user", people[0] as string);
    expect(text.out).toContain(`tiersync holds approve ${before.id}`);
    await home.run("holds", "approve", before.id, "--only", people[0] as string);
    expect((await exported(home))["Person 0"]).toMatchObject({ state: "unlicensed", tier: null });
    expect((await exported(home))["Person 1"]).toMatchObject({ state: "pending", tier: "Eco" });
  });

  test("takes a person's part out of a hold when its cause is gone, and keeps the rest", async () => {
    const home = openHome({ mailboxSettings: false });
    const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
    await home.run("sync");
    for (const person of people.slice(0, 5)) move(home, person, "Eco", "No_Licence");
    await home.run("sync");
    const { id } = await onlyHold(home);
    move(home, people[0] as string, "No_Licence", "Eco");
    expect(await syncUser(home, people[0] as string)).toMatchObject({ code: 0, json: { user: { state: "licensed" } } });
    expect((await home.run("holds", "--json")).json.items).toMatchObject([{ id, kinds: { revoke: 4 } }]);
  });

  test("applies new rules to that person, and to the others in the next cycle", async () => {
    const home = openHome({ mailboxSettings: false });
    const ana = home.person("Ana", ["Eco"]);
    home.person("Ben", ["Eco"]);
    await home.run("sync");
    home.writeRules(RULES.replace("{name: eco,      tier: Eco,", "{name: eco,      tier: Advanced,"));
    expect((await syncUser(home, ana)).json.user).toMatchObject({ tier: "Advanced" });
    expect((await exported(home))["Ben"]).toMatchObject({ tier: "Eco" });
    await home.run("sync");
    expect((await exported(home))["Ben"]).toMatchObject({ tier: "Advanced" });
  });

  test("finds the tenant that has the person, and asks where two have", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
    home.person("Ana", ["Pro"]);
    const fay = fabrikam.person("Fay", ["Pro"]);
    const { code, json } = await syncUser(home, "fay@fabrikam.example");
    expect(code).toBe(0);
    expect(json.cycles).toMatchObject([{ tenant: "fabrikam", actions: { create: 1 } }]);
    expect(json.user?.id).toBe(fay);
    const twin = { mail: "twin@shared.example" };
    home.person("Twin", ["Pro"], twin);
    fabrikam.person("Twin", ["Pro"], twin);
    const both = await syncUser(home, "twin@shared.example");
    expect(both).toMatchObject({ code: 1, error: { code: "ERR_AMBIGUOUS" } });
    const one = await syncUser(home, "twin@shared.example", "--tenant", "contoso");
    expect(one).toMatchObject({ code: 0, json: { cycles: [{ tenant: "contoso" }], user: { tenant: "contoso" } } });
  });

  test("asks the agent that runs on the home, and shows what became of the person", async () => {
    const home = openHome({ mailboxSettings: false });
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    const ben = home.person("Ben", ["Eco"]);
    home.person("Cleo", ["Eco"]);
    const { code, json } = await syncUser(home, "ben@contoso.example");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      cycles: [{ trigger: "api", actions: { create: 2 } }],
      user: { id: ben, state: "licensed", tier: "Eco" },
      steps: { before: null, done: [{ type: "created" }, { type: "assigned", tier: "Eco" }] },
    });
    expect((await home.run("sync", "--user", ben)).out).toContain("the agent on this home did a cycle of everybody");
    expect(await syncUser(home, "nobody@contoso.example")).toMatchObject({ code: 1 });
    home.person("Outside", []);
    expect(await syncUser(home, "outside@contoso.example")).toMatchObject({ code: 0, json: { user: null } });
  });
});
