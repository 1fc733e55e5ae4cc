import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Fault } from "../../src/simulator/faults.ts";
import { type DeltaEntry, type DeltaSite, openDeltaSite } from "../support/delta-site.ts";

describe("on demand a delta", () => {
  const changes = async (site: DeltaSite, fault: Fault, change: (site: DeltaSite) => void): Promise<DeltaEntry[]> => {
    const link = await site.latest(site.groupsQuery);
    change(site);
    site.simulator.faults.add({ match: "/delta", ...fault });
    return (await site.round(link)).entries;
  };
  const members = (entries: DeltaEntry[]) =>
    entries.flatMap((entry) =>
      entry["members@delta"]?.map((member) => `${member["@removed"] ? "-" : "+"}${member.id}`),
    );
  const leaveAndReturn = ({ tenant, pro, ana }: DeltaSite) => {
    tenant.removeMember(pro, ana);
    tenant.addMember(pro, ana);
  };

  test("replays older changes", async () => {
    const site = await openDeltaSite();
    expect(members(await changes(site, { kind: "deltaReplay", changes: 1 }, () => {}))).toEqual([`+${site.ana}`]);
  });

  test("tells everything twice", async () => {
    const site = await openDeltaSite();
    expect(members(await changes(site, { kind: "deltaDuplicate" }, leaveAndReturn))).toEqual([
      `+${site.ana}`,
      `+${site.ana}`,
    ]);
  });

  test("tells both the leaving and the return", async () => {
    const site = await openDeltaSite();
    expect(members(await changes(site, { kind: "deltaRawOperations" }, leaveAndReturn))).toEqual([
      `-${site.ana}`,
      `+${site.ana}`,
    ]);
  });

  test("lists former members in an initial round", async () => {
    const { tenant, simulator, pro, ana, groupsQuery, round } = await openDeltaSite();
    tenant.removeMember(pro, ana);
    simulator.faults.add({ kind: "deltaRemovedMembers" });
    expect(members((await round(`/v1.0${groupsQuery}`)).entries)).toEqual([`-${ana}`]);
  });

  test("keeps a restore to itself", async () => {
    const { tenant, simulator, ana, round, latest } = await openDeltaSite();
    tenant.deleteUser(ana);
    const link = await latest("/users/delta?$select=displayName");
    tenant.restoreUser(ana);
    simulator.faults.add({ kind: "restoreUnreported" });
    expect((await round(link)).entries).toEqual([]);
  });

  test("begins with an empty page", async () => {
    const { simulator, round } = await openDeltaSite();
    simulator.faults.add({ kind: "emptyPage" });
    const { entries, pages } = await round("/v1.0/groups/delta");
    expect([entries.length, pages]).toEqual([1, 2]);
  });
});

test("whatever happens to a group, its deltas add up to its members", async () => {
  const { tenant, simulator, pro, groupsQuery, round, latest } = await openDeltaSite();
  const pool = Array.from({ length: 6 }, () => tenant.addUser());
  const twists = ["none", "deltaDuplicate", "deltaReverse"] as const;
  const step = fc.record({
    member: fc.nat(pool.length - 1),
    join: fc.boolean(),
    read: fc.boolean(),
    twist: fc.constantFrom(...twists),
    replay: fc.nat(5),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const known = new Set(tenant.members.get(pro));
      let link = await latest(groupsQuery);
      const follow = async () => {
        const { entries, link: next } = await round(link);
        link = next;
        for (const member of entries.flatMap((entry) => entry["members@delta"] ?? [])) {
          if (member["@removed"]) known.delete(member.id);
          else known.add(member.id);
        }
      };
      for (const { member, join, read: now, twist, replay } of steps) {
        const id = pool[member] ?? "";
        if (join) tenant.addMember(pro, id);
        else tenant.removeMember(pro, id);
        if (!now) continue;
        simulator.faults.clear();
        if (twist !== "none") simulator.faults.add({ kind: twist, match: "$deltatoken" });
        if (replay > 0) simulator.faults.add({ kind: "deltaReplay", changes: replay, match: "$deltatoken" });
        await follow();
      }
      simulator.faults.clear();
      await follow();
      expect([...known].sort()).toEqual([...(tenant.members.get(pro) ?? [])].sort());
    }),
    { numRuns: 30 },
  );
});
