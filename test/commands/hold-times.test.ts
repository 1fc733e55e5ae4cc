/** Holds, approvals and the clocks: they go by Graph's, also where this computer's is more than a day off. */
import { describe, expect, test } from "bun:test";
import { exportedPerson, onlyHold, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

const HOUR = 60 * 60 * 1000;

async function open(hours: number) {
  const home = openHome({
    credential: "secret",
    mailboxSettings: false,
    extra: "guard: {revoke: {count: 1, percent: 100}}",
  });
  home.tenant.clock.advance(hours * HOUR);
  const people = Array.from({ length: 6 }, (_, i) => home.person(`Person ${i}`, ["Pro"]));
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  const revoke = (index: number): void => {
    home.tenant.removeMember(home.groups["Pro"] as string, people[index] as string);
    home.tenant.addMember(home.groups["No_Licence"] as string, people[index] as string);
  };
  revoke(0);
  revoke(1);
  expect(await home.run("sync")).toMatchObject({ code: 3 });
  return { home, revoke };
}

/** Approved, two revokes are done, and do not count against the brake: one more is within its limit. */
async function expectApproved({ home, revoke }: { home: TestHome; revoke: (index: number) => void }): Promise<void> {
  expect(await home.run("sync", "--json")).toMatchObject({ json: { cycles: [{ outcome: "succeeded", held: {} }] } });
  expect((await home.run("export", "--json")).json.items.filter(({ tier }) => tier === null)).toHaveLength(2);
  revoke(2);
  expect(await home.run("sync", "--json")).toMatchObject({
    json: { cycles: [{ outcome: "succeeded", actions: { revoke: 1 } }] },
  });
}

describe("a hold can be ruled on", () => {
  for (const [name, hours] of [
    ["ahead", -25],
    ["behind", 25],
  ] as const) {
    test(`by a command, with the clock ${name}`, async () => {
      const opened = await open(hours);
      const { home } = opened;
      expect((await home.run("holds")).out).toContain("expires");
      expect((await home.run("holds")).out).not.toContain("expired");
      const { id } = await onlyHold(home);
      expect(await home.run("holds", "approve", id)).toMatchObject({ code: 0 });
      await expectApproved(opened);
    });

    test(`through the agent, after a restart, with the clock ${name}`, async () => {
      const opened = await open(hours);
      const { home } = opened;
      const { id } = await onlyHold(home);
      // It knows the clock from before: no cycle of its own succeeds.
      home.simulator.faults.add({ kind: "status", status: 503, times: 1000 });
      await startTestAgent(home);
      expect(await home.run("holds", "approve", id)).toMatchObject({ code: 0 });
      home.simulator.faults.clear();
      await expectApproved(opened);
    });
  }
});

test("an approval that no cycle could carry out within a day has lapsed: it is held anew", async () => {
  const { home } = await open(0);
  const { id } = await onlyHold(home);
  home.simulator.faults.add({ kind: "status", status: 503, times: 1000 });
  expect(await home.run("holds", "approve", id)).toMatchObject({ code: 1 });
  // Until then nobody is told to approve what is approved.
  expect(await exportedPerson(home, "Person 0")).toMatchObject({ reason: expect.stringContaining("next cycle") });
  home.simulator.faults.clear();
  home.tenant.clock.advance(30 * HOUR);
  expect(await home.run("sync", "--json")).toMatchObject({
    code: 3,
    json: { cycles: [{ held: { revoke: 2 }, actions: { revoke: 0 } }] },
  });
});
