import { afterEach, describe, expect, test } from "bun:test";
import { createHome, type HomeOptions, type TestHome } from "../support/home.ts";

let made: TestHome[] = [];
afterEach(async () => {
  for (const home of made) await home.stop();
  made = [];
});

function open(options: HomeOptions = {}): TestHome {
  const home = createHome(options);
  made.push(home);
  return home;
}

describe("tiersync sync", () => {
  for (const credential of ["certificate", "secret"] as const) {
    test(`creates people and gives them seats, signed in with a ${credential}`, async () => {
      const home = open({ credential });
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
