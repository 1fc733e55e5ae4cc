/** Whole cycles over a SCIM service: read, plan, apply, and the next cycle. */
import { describe, expect, test } from "bun:test";
import type { DirectorySource } from "../../src/cycle/ports.ts";
import { runCycle } from "../../src/cycle/run-cycle.ts";
import { silentLogger } from "../../src/log.ts";
import type { ScopedGroup } from "../../src/model/directory.ts";
import type { Tier } from "../../src/model/tier.ts";
import { ruleSetOf } from "../rules/rule-builders.ts";
import { RULES } from "../support/home.ts";
import { writes } from "../support/recording-fetch.ts";
import { scimParts } from "../support/scim-target.ts";
import { personId } from "../support/target-people.ts";

const GROUPS = ["Eco", "Advanced", "Pro", "No_Licence"];
const TIERS: readonly Tier[] = [
  ...["Eco", "Advanced", "Pro"].map((name): Tier => ({ kind: "paid", name, seats: 2, warnBelow: null })),
  { kind: "revoking", name: "No_Licence", purgeAfter: 0 },
];

function tenant(more: Parameters<typeof scimParts>[1] = {}) {
  const parts = scimParts({ etag: "enforced" }, more);
  /** Group of each person, by number. */
  const members = new Map<number, string>();
  let now = Date.now();
  const group = (displayName: string): ScopedGroup => {
    const role = displayName === "Parent" ? "parent" : "member";
    return { id: `g-${displayName}`, displayName, visibility: null, role };
  };
  const source: DirectorySource = {
    read: async (mirror) => {
      for (const name of GROUPS) {
        const users = [...members]
          .filter(([, own]) => own === name)
          .map(([number]) => ({
            kind: "user" as const,
            user: {
              id: personId(number),
              properties: {
                userPrincipalName: `p${number}@contoso.example`,
                mail: `P${number}@contoso.example`,
                displayName: `Person ${number}`,
                accountEnabled: true,
                userType: "Member",
              },
            },
          }));
        mirror.stagePage(`g-${name}`, users, "{}");
      }
      const groups = ["Parent", ...GROUPS].map(group);
      mirror.publishFull({ groups, deleted: [], cursor: null });
      return { kind: "changes", serverTime: now };
    },
    readMailboxes: async function* () {},
    requests: () => ({ token: 0, graph: 0 }),
  };
  let target = parts.target;
  /** `at`: epoch ms; `pauses`: as the agent that stays does it. */
  const cycle = async ({ at = Date.now(), pauses = false } = {}) => {
    parts.scim.log.length = 0;
    now = at;
    return await runCycle(
      {
        settings: {
          name: "contoso",
          parentGroup: { name: "Parent" },
          tiers: TIERS,
          guard: { revoke: null, purge: null, change: null, create: null },
          mailboxSettings: false,
        },
        rules: ruleSetOf(RULES),
        ...{ source, target, store: parts.store, log: silentLogger },
        credential: () => null,
        clock: { now: () => at },
        progress: () => undefined,
      },
      { trigger: "cli", full: false, pauses, suspicious: false, signal: AbortSignal.timeout(15_000) },
    );
  };
  const tierAt = (number: number) => {
    const user = [...parts.scim.users.values()].find(({ externalId }) => externalId === personId(number));
    return user === undefined
      ? undefined
      : ((user["entitlements"] ?? []) as { value: string }[]).map(({ value }) => value);
  };
  return {
    ...parts,
    members,
    cycle,
    tierAt,
    restart: () => {
      target = parts.restarted();
    },
    person: (number: number) => parts.views.find(personId(number))[0],
  };
}

describe("a tenant whose licences are in a SCIM service", () => {
  test("creates, adopts, gives and queues in one cycle, and costs nothing when idle", async () => {
    const parts = tenant();
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
    const parts = tenant();
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
    const parts = tenant({
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
    const parts = tenant({
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
    const parts = tenant();
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
      const parts = tenant({ onDrift, reconcileEvery: 0 });
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
