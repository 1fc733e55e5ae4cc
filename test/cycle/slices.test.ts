import { describe, expect, test } from "bun:test";
import { exported, openHome } from "../support/home.ts";

describe("people whose mailboxes could not be read yet", () => {
  test("are pending, and the brake on creations is not for those of the first cycle", async () => {
    const home = openHome();
    for (let i = 0; i < 30; i += 1) home.person(`Person ${i}`, ["Eco"]);
    // Longer than the cycle may last, so these are left for a later one.
    home.simulator.faults.add({
      kind: "throttle",
      retryAfter: "3000",
      match: /mailboxSettings/,
      level: "batch",
      times: 10,
    });
    const first = await home.run("sync", "--json");
    expect(first.json.cycles[0]).toMatchObject({ kind: "initial", outcome: "succeeded" });
    const created = first.json.cycles[0].actions.create;
    expect(created).toBeLessThan(30);
    const pending = (await home.run("export", "--json")).json.items.filter(({ state }) => state === "pending");
    expect(pending).toHaveLength(30 - created);
    expect(pending[0]?.reason).toContain("mailbox");
    home.simulator.faults.clear();
    const second = await home.run("sync", "--json");
    expect(second.json.cycles[0]).toMatchObject({
      kind: "initial",
      outcome: "succeeded",
      actions: { create: 30 - created },
    });
    home.person("Late Comer", ["Eco"]);
    expect((await home.run("sync", "--json")).json.cycles[0]).toMatchObject({
      kind: "incremental",
      actions: { create: 1 },
    });
  });

  test("for ever do not keep the brake on creations off", async () => {
    const home = openHome({ extra: "guard: {create: {count: 5, percent: 50}}\n" });
    const unreadable = home.person("Ana Odd", ["Eco"]);
    home.person("Bob Even", ["Eco"]);
    home.simulator.faults.add({
      kind: "status",
      status: 401,
      match: `${unreadable}/mailboxSettings`,
      level: "batch",
      times: 1_000,
    });
    expect((await home.run("sync", "--json")).json.cycles[0]).toMatchObject({
      kind: "initial",
      actions: { create: 1 },
    });
    for (let i = 0; i < 20; i += 1) home.person(`New ${i}`, ["Eco"]);
    const { code, json } = await home.run("sync", "--json");
    expect(json.cycles[0]).toMatchObject({ kind: "incremental", outcome: "held", held: { create: 20, assign: 20 } });
    expect(code).toBe(3);
    expect((await exported(home))["Ana Odd"]).toMatchObject({ state: "pending" });
  });
});
