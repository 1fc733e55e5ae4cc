import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { scimParts } from "../support/scim-target.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

describe("groups as tiers", () => {
  test.each([[true], [false]])("joins the new one before it leaves the old one (PATCH: %p)", async (patch) => {
    const base = scimParts({ patch });
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: personId(1) });
    const groups = { Eco: base.scim.addGroup("Eco"), Pro: base.scim.addGroup("pro", ["other", id]) };
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
    parts.scim.log.length = 0;
    await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]);
    const method = patch ? "PATCH" : "PUT";
    expect(writes(parts.scim.log)).toEqual([`${method} /Groups/${groups.Eco}`, `${method} /Groups/${groups.Pro}`]);
    expect(parts.scim.groups.get(groups.Eco)?.["members"]).toEqual([{ value: id }]);
    expect(parts.scim.groups.get(groups.Pro)?.["members"]).toEqual([{ value: "other" }]);
  });

  test("are replaced whole where the service knows PATCH of users only", async () => {
    const base = scimParts();
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: personId(1) });
    const groups = { Eco: base.scim.addGroup("Eco"), Pro: base.scim.addGroup("Pro", ["other", id]) };
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    parts.scim.fault = ({ method, path }) =>
      method === "PATCH" && path.startsWith("/Groups") ? new Response(null, { status: 501 }) : null;
    await parts.target.refresh([], AbortSignal.timeout(5000));
    expect(told(await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]))).toEqual(["change 1 ok"]);
    expect(parts.scim.groups.get(groups.Eco)?.["members"]).toEqual([{ value: id }]);
    expect(parts.scim.groups.get(groups.Pro)?.["members"]).toEqual([{ value: "other" }]);
  });

  test("of an account that came after the last reading are known when it stands in the way", async () => {
    const base = scimParts();
    const eco = base.scim.addGroup("Eco");
    await base.restarted({ tierAs: "groups" }).refresh([], AbortSignal.timeout(5000));
    const id = base.scim.add({ userName: "p1@contoso.example" });
    const group = base.scim.groups.get(eco);
    if (group !== undefined) group["members"] = [{ value: id }];
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    expect(told(await applyAll(parts, [item(parts.store, 1, "create")]))).toEqual(["create 1 ERR_TARGET_REFUSED"]);
    expect(parts.store.accounts.unbound(["p1@contoso.example"])).toMatchObject([{ boundTo: null, tier: "Eco" }]);
  });

  test("leaves every tier's group but the one asked for", async () => {
    const base = scimParts();
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: personId(1) });
    const groups = ["Eco", "Pro", "Advanced"].map((name) => base.scim.addGroup(name, name === "Advanced" ? [] : [id]));
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
    await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Advanced")]);
    const members = groups.map((group) => parts.scim.groups.get(group)?.["members"] ?? []);
    expect(members).toEqual([[], [], [{ value: id }]]);
  });

  test("finishes a change that was cut between the two", async () => {
    const base = scimParts();
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: personId(1) });
    const groups = { Eco: base.scim.addGroup("Eco", [id]), Pro: base.scim.addGroup("Pro") };
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    parts.scim.fault = ({ method, path }) =>
      method === "PATCH" && path === `/Groups/${groups.Eco}` ? new Response("down", { status: 502 }) : null;
    const up = item(parts.store, 1, "change", "Eco", "Pro");
    await expect(applyAll(parts, [up])).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    parts.scim.fault = () => null;
    expect(parts.store.journal.unsettled()).toEqual([personId(1)]);
    await parts.target.refresh([personId(1)], AbortSignal.timeout(5000));
    expect(parts.store.accounts.of(up.action.person)?.tier).toBe("Eco");
    await applyAll(parts, [up]);
    expect(parts.scim.groups.get(groups.Eco)?.["members"] ?? []).toEqual([]);
    expect(parts.scim.groups.get(groups.Pro)?.["members"]).toEqual([{ value: id }]);
  });

  test("refuses a tier that has no group, for that person", async () => {
    const base = scimParts();
    base.scim.addGroup("Eco");
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    const results = await applyAll(parts, [
      ...[item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")],
      ...[item(parts.store, 2, "create"), item(parts.store, 2, "assign", null, "Eco")],
    ]);
    expect(told(results).sort()).toEqual(["assign 1 ERR_TARGET_REFUSED", "assign 2 ok", "create 1 ok", "create 2 ok"]);
  });
});
