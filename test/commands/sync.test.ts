import { describe, expect, test } from "bun:test";
import { openHome } from "../support/home.ts";

describe("tiersync sync", () => {
  for (const credential of ["certificate", "secret"] as const) {
    test(`creates people and gives them seats, signed in with a ${credential}`, async () => {
      const home = openHome({ credential });
      home.person("Ana Pro", ["Pro"]);
      home.person("Ben Eco", ["Eco"]);
      const { code, json, err } = await home.run("sync", "--json");
      expect(err).toBe("");
      expect(json.cycles[0].error).toBeNull();
      expect(code).toBe(0);
      expect(json.cycles).toHaveLength(1);
      expect(json.cycles[0]).toMatchObject({
        tenant: "contoso",
        kind: "initial",
        trigger: "cli",
        outcome: "succeeded",
        actions: { create: 2, assign: 2 },
        failures: [],
        error: null,
      });
    });
  }
});

describe("tiersync plan", () => {
  test("says who would wait and who waits already, and changes nothing anywhere", async () => {
    const home = openHome({ seats: { Pro: 1 } });
    for (const name of ["Ana Pro", "Ben Pro"]) home.person(name, ["Pro"]);
    await home.run("sync");
    home.person("Cy Pro", ["Pro"]);
    const before = (await home.run("export", "--json")).out;
    const { code, json } = await home.run("plan", "--json");
    expect(code).toBe(0);
    expect(json.tenants[0].tiers.at(-1)).toMatchObject({ name: "Pro", seats: 1, used: 1, free: 0, waiting: 2 });
    expect(json.tenants[0].actions.map(({ kind }) => kind)).toEqual(["create", "wait"]);
    expect(json.tenants[0].waiting.map(({ position }) => position)).toEqual([1, 2]);
    expect((await home.run("plan")).out).toContain("cy.pro@contoso.example");
    expect((await home.run("export", "--json")).out).toBe(before);
  });
});

test("sync --verbose shows each request on stderr, and no token of it", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ada Eco", ["Eco"]);
  const { err } = await home.run("sync", "--verbose");
  expect(err).toContain("/oauth2/v2.0/token");
  expect(err).toContain("/v1.0/groups/delta");
  expect(err).not.toContain("client_assertion=");
  expect(err).not.toContain("deltatoken");
  expect((await home.run("sync", "--full")).err).not.toContain("/v1.0/");
});
