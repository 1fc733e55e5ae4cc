/** Whole cycles over a SCIM service: read, plan, apply, and the next cycle. */
import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { scimTenant } from "../support/scim-tenant.ts";

describe("a tenant whose licences are in a SCIM service", () => {
  test("creates, adopts, gives and queues in one cycle, and costs nothing when idle", async () => {
    const parts = scimTenant();
    parts.scim.add({ userName: "P1@CONTOSO.example", entitlements: [{ value: "Eco" }] });
    parts.scim.add({ userName: "stranger@x.example", entitlements: [{ value: "Pro" }] });
    parts.members.set(1, "Eco");
    for (const number of [2, 3]) parts.members.set(number, "Pro");
    const actions = { adopt: 1, update: 1, create: 2, assign: 1, wait: 1 };
    // What the service can do, its one page of users, a look and a PATCH for who is adopted, a POST each for who is new.
    const requests = { target: 3 + 1 + 2 + 2 };
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [], actions, requests });
    expect([1, 2, 3].map(parts.tierAt)).toEqual([["Eco"], ["Pro"], []]);
    expect(parts.person(3)).toMatchObject({ state: "waiting" });
    expect(parts.scim.users.size).toBe(4);
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", requests: { target: 0 } });
    parts.restart();
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", requests: { target: 0 } });
  });

  test("goes on where it was when the service went away in the middle", async () => {
    const parts = scimTenant();
    for (const number of [1, 2]) parts.members.set(number, "Pro");
    for (const number of [3, 4]) parts.members.set(number, "Eco");
    parts.scim.recording.loseAnswer = ({ method }) => method === "POST" && parts.scim.users.size > 2;
    expect(await parts.cycle()).toMatchObject({ outcome: "failed", error: { code: "ERR_TARGET_UNREACHABLE" } });
    parts.scim.recording.loseAnswer = () => false;
    parts.restart();
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [] });
    expect(parts.scim.users.size).toBe(4);
    expect([1, 2, 3, 4].map(parts.tierAt)).toEqual([["Pro"], ["Pro"], ["Eco"], ["Eco"]]);
    expect(parts.store.journal.unsettled()).toEqual([]);
    expect(await parts.cycle()).toMatchObject({ requests: { target: 0 } });
  });

  test("tries whoever is refused again with growing pauses, the others go on, and a command does not wait", async () => {
    const MINUTE = 60_000;
    const begin = Date.now();
    let tries = 0;
    const parts = scimTenant({
      fetch: async (input, init) => {
        if (init?.method !== "POST" || !String(init.body).includes("Person 1"))
          return await parts.scim.fetch(input, init);
        tries += 1;
        return Response.json({ status: "400", scimType: "invalidValue", detail: "no" }, { status: 400 });
      },
    });
    parts.members.set(1, "Eco");
    parts.members.set(2, "Eco");
    const triedAt: number[] = [];
    for (let minute = 0; minute <= 80; minute += 5) {
      tries = 0;
      const { failures } = await parts.cycle({ at: begin + minute * MINUTE, pauses: true });
      expect(failures).toHaveLength(tries > 0 ? 1 : 0);
      expect(parts.person(1)).toMatchObject({ state: "error" });
      if (tries > 0) triedAt.push(minute);
    }
    expect(triedAt).toEqual([0, 5, 15, 35, 75]);
    expect(parts.person(1)?.reason).toContain("refused (5 times)");
    expect(parts.tierAt(2)).toEqual(["Eco"]);
    tries = 0;
    await parts.cycle({ at: begin + 81 * MINUTE });
    expect(tries).toBeGreaterThan(0);
  });

  test("leaves a person who is refused their place in the queue, but keeps no seat from the others for them", async () => {
    let refusing = "nobody";
    let refusals = 2;
    const parts = scimTenant({
      fetch: async (input, init) => {
        if (init?.method === "GET" || !input.includes(refusing) || refusals === 0)
          return await parts.scim.fetch(input, init);
        return Response.json({ status: "400", scimType: "invalidValue", detail: "no" }, { status: 400 });
      },
    });
    let at = Date.now();
    const cycle = async () => {
      at += 1000;
      return await parts.cycle({ at });
    };
    for (const number of [8, 9, 1, 2, 3]) {
      parts.members.set(number, "Eco");
      await cycle();
    }
    const state = (number: number) => parts.person(number)?.state;
    expect([8, 9, 1, 2, 3].map(state)).toEqual(["licensed", "licensed", "waiting", "waiting", "waiting"]);
    refusing = parts.person(1)?.targetId ?? "";
    // A seat comes free, and the first in the queue cannot have it.
    parts.members.set(8, "Pro");
    for (let time = 0; time < 2; time += 1) {
      await cycle();
      expect([1, 2].map(state)).toEqual(["error", "waiting"]);
    }
    await cycle();
    expect([1, 2].map(state)).toEqual(["waiting", "licensed"]);
    refusals = 0;
    parts.members.set(9, "Pro");
    await cycle();
    expect([1, 3].map(state)).toEqual(["waiting", "licensed"]);
  });

  test("moves, takes and purges", async () => {
    const parts = scimTenant();
    for (const number of [1, 2, 3]) parts.members.set(number, "Eco");
    parts.members.delete(3);
    await parts.cycle();
    parts.members.set(1, "Pro");
    parts.members.set(2, "No_Licence");
    expect(await parts.cycle()).toMatchObject({ actions: { change: 1, revoke: 1, purge: 1 }, failures: [] });
    expect(parts.tierAt(1)).toEqual(["Pro"]);
    expect(parts.tierAt(2)).toBeUndefined();
    expect(
      writes(parts.scim.log)
        .map((line) => line.split(" ")[0])
        .sort(),
    ).toEqual(["DELETE", "PATCH", "PATCH"]);
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", requests: { target: 0 } });
  });

  test.each([
    ["report", ["Eco"], "licensed", { change: 0 }],
    ["repair", ["Pro"], "licensed", { change: 1 }],
  ] as const)(
    "with onDrift %s, what somebody changed by hand is %p afterwards",
    async (onDrift, tier, state, actions) => {
      const parts = scimTenant({ onDrift, reconcileEvery: 0 });
      parts.members.set(1, "Pro");
      await parts.cycle();
      const user = [...parts.scim.users.values()][0];
      if (user !== undefined) user["entitlements"] = [{ value: "Eco" }];
      expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions });
      expect(parts.tierAt(1)).toEqual([...tier]);
      expect(parts.person(1)).toMatchObject({ state });
      expect(parts.drifts).toHaveLength(1);
      expect(await parts.cycle()).toMatchObject({ actions: { change: 0 } });
      parts.members.set(1, "Advanced");
      await parts.cycle();
      expect(parts.tierAt(1)).toEqual(["Advanced"]);
    },
  );
});
