import { describe, expect, test } from "bun:test";
import { exported } from "../support/home.ts";
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
    for (const argv of [["sync"], ["plan"], ["check"], ["export"], ["holds"], ["explain", "Ana"]]) {
      const { code, error } = await home.run(...argv, "--tenant", "contosso", "--json");
      expect({ argv, code }).toEqual({ argv, code: 2 });
      expect(error.message).toContain('did you mean "contoso"');
    }
  });
});
