import { describe, expect, test } from "bun:test";
import { openHome, RULES } from "../support/home.ts";

describe("explain", () => {
  test("finds a person by object id, user principal name or mail, whatever the case", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"], { userPrincipalName: "ana@corp.example", mail: "Ana.Pro@contoso.example" });
    await home.run("sync");
    for (const user of [ana, ana.toUpperCase(), "ANA@corp.example", "ana.pro@CONTOSO.example"]) {
      expect({ user, found: (await home.run("explain", user, "--json")).json.id }).toEqual({ user, found: ana });
    }
  });

  test("names the rule that won, the way through the groups, those that lost and why", async () => {
    const home = openHome();
    const lawyers = home.tenant.addGroup("Lawyers");
    const partners = home.tenant.addGroup("Partners");
    home.tenant.addMember(home.groups["Pro"] as string, lawyers);
    home.tenant.addMember(lawyers, partners);
    const ana = home.person("Ana", [partners, "Eco"]);
    await home.run("sync");
    const { code, json } = await home.run("explain", ana, "--json");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      id: ana,
      tenant: "contoso",
      state: "licensed",
      tier: "Pro",
      wanted: "Pro",
      groups: ["Eco", "Pro"],
      seat: { name: "Pro", seats: 10, used: 1, free: 9, waiting: 0 },
    });
    expect(json.rules.map(({ rule, outcome }) => [rule.name, outcome])).toEqual([
      ["remove", "no match"],
      ["pro", "won"],
      ["advanced", "no match"],
      ["eco", "lost"],
    ]);
    expect(json.rules[1]?.paths).toEqual([["Pro", "Lawyers", "Partners"]]);
    expect(json.rules[3]?.why).toContain("rule pro comes first");
    expect(json.decisions.map(({ type }) => type)).toEqual(["assigned", "created"]);
    const { out } = await home.run("explain", ana);
    expect(out).toContain("through Pro > Lawyers > Partners");
    expect(out).toMatch(/won +pro +Pro, priority 30/);
    expect(out).toMatch(/seats +Pro: 10 bought, 1 used, 9 free, 0 waiting/);
  });

  test("says the place in the queue, and when the event logs will be purged", async () => {
    const home = openHome({ seats: { Pro: 0 } });
    home.person("Ana", ["Pro"]);
    const ben = home.person("Ben", ["Eco"]);
    await home.run("sync");
    expect((await home.run("explain", "ana@contoso.example")).out).toMatch(/queue +place 1 of those who wait for Pro/);
    home.tenant.removeMember(home.groups["Eco"] as string, ben);
    home.tenant.addMember(home.groups["No_Licence"] as string, ben);
    await home.run("sync");
    const { json } = await home.run("explain", ben, "--json");
    expect(Date.parse(json.purgeAt ?? "") - Date.parse(json.since)).toBe(24 * 60 * 60 * 1000);
    expect((await home.run("explain", ben)).out).toContain(`deleted for good at ${json.purgeAt}`);
  });

  test("names both rules of a conflict", async () => {
    const home = openHome();
    home.writeRules(RULES.replace("priority: 20", "priority: 30"));
    const ana = home.person("Ana", ["Pro", "Advanced"]);
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    const { json } = await home.run("explain", ana, "--json");
    expect(json).toMatchObject({ state: "conflict", tier: null });
    expect(json.reason).toContain("pro (rules/secure-exchanges.yaml:13)");
    expect(json.reason).toContain("advanced (rules/secure-exchanges.yaml:14)");
  });

  test("still knows whoever has left, or was deleted", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    home.tenant.purgeUser(ana);
    await home.run("sync");
    const { code, out } = await home.run("explain", ana);
    expect(code).toBe(0);
    expect(out).toContain("unmanaged: deleted in Entra; keeps Pro");
  });

  test("answers for whoever has an attribute that an edit asks for first, before the next cycle and after leaving", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Eco"], { department: "Legal" });
    const ben = home.person("Ben", ["Eco"], { department: "Legal" });
    await home.run("sync");
    home.tenant.removeMember(home.groups["Eco"] as string, ben);
    await home.run("sync");
    const legal = "  - {name: legal, tier: Pro, priority: 40, when: {attribute: department, equals: Legal}}";
    home.writeRules(RULES.replace("rules:\n", `rules:\n${legal}\n`));
    const outcome = async (user: string) => {
      const { code, json } = await home.run("explain", user, "--json");
      expect(code).toBe(0);
      const found = json.rules.find(({ rule }) => rule.name === "legal");
      return `${found?.outcome}: ${found?.why}`;
    };
    expect(await outcome(ana)).toBe("unknown: department is not read yet");
    expect(await outcome(ben)).toBe("no match: the person is in no group in scope");
    await home.run("sync");
    expect(await outcome(ana)).toBe("won: department fits");
    expect(await outcome(ben)).toBe("no match: the person is in no group in scope");
  });

  test("is exit code 1 for somebody unknown, before and after the first cycle, and says what to do", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    const never = await home.run("explain", "ana@contoso.example", "--json");
    expect(never).toMatchObject({ code: 1, error: { code: "ERR_NOT_FOUND" } });
    expect(never.error.hint).toContain("tiersync sync");
    await home.run("sync");
    const unknown = await home.run("explain", "nobody@contoso.example", "--json");
    expect(unknown).toMatchObject({ code: 1, error: { code: "ERR_NOT_FOUND" } });
    expect(unknown.error.hint).toContain("object id");
  });
});
