/** What a purge deletes is gone for good: it is looked at before, and whatever is not sure stops it. */
import { describe, expect, test } from "bun:test";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { scimTenant } from "../support/scim-tenant.ts";
import type { StrictOptions } from "../support/strict-scim.ts";
import { applyAll, decideState, item, personId, profileOf, told } from "../support/target-people.ts";

type Options = NonNullable<Parameters<typeof scimParts>[1]>;

/** Person 1, whose licence was taken. */
async function revoked(service: StrictOptions = {}, more: Options = {}): Promise<ScimParts & { id: string }> {
  const parts = scimParts(service, more);
  for (const tier of ["Eco", "Pro"]) parts.scim.addGroup(tier);
  await parts.refresh();
  await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")]);
  await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
  decideState(parts.store, 1, "unlicensed");
  parts.scim.log.length = 0;
  return { ...parts, id: parts.store.remote.of(personId(1))?.remoteId ?? "" };
}

const purge = ({ store }: ScimParts) => item(store, 1, "purge");
const account = ({ store }: ScimParts) => store.people.person(personId(1))?.account;
const events = ({ views }: ScimParts) => views.events("contoso", personId(1), { limit: 9 }).items.length;

/** What somebody does in the licence system by hand. */
function give({ scim, id }: ScimParts & { id: string }, tierAs: string): void {
  const user = scim.users.get(id);
  const pro = [...scim.groups.values()].find(({ displayName }) => displayName === "Pro");
  if (user === undefined || pro === undefined) return;
  if (tierAs === "groups") pro["members"] = [{ value: id }];
  else scim.users.set(id, { ...user, [tierAs]: [{ value: "pro" }], meta: { version: 'W/"999"' } });
}

const kinds = ["entitlements", "roles", "groups"].flatMap((tierAs) =>
  ["delete", "deactivate"].flatMap((onPurge) =>
    [undefined, "enforced"].map((etag) => [tierAs, onPurge, etag] as [string, string, string | undefined]),
  ),
);

describe.each(kinds)("with tierAs %s, onPurge %s and ETags %p, a purge", (tierAs, onPurge, etag) => {
  const begin = (): ReturnType<typeof revoked> =>
    revoked({ ...(etag === undefined ? {} : { etag: "enforced" }) }, { tierAs, onPurge } as Options);

  test("of an account that was given a licence by hand is refused, and the copy has the licence", async () => {
    const parts = await begin();
    give(parts, tierAs);
    const [result] = await applyAll(parts, [purge(parts)]);
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining("holds Pro") });
    expect(parts.scim.users.get(parts.id)).toMatchObject({ active: true });
    expect(account(parts)).toMatchObject({ tier: "Pro", revokedAt: null, overridden: { tier: null } });
    expect(parts.drifts).toMatchObject([{ user: personId(1), expected: null, found: "Pro" }]);
    expect(events(parts)).toBeGreaterThan(0);
  });

  test("goes through where nothing is held, whoever wrote to the account meanwhile", async () => {
    const parts = await begin();
    const user = parts.scim.users.get(parts.id);
    if (user !== undefined) parts.scim.users.set(parts.id, { ...user, title: "Dr", meta: { version: 'W/"999"' } });
    expect(told(await applyAll(parts, [purge(parts)]))).toEqual(["purge 1 ok"]);
    expect(parts.scim.users.get(parts.id)?.["active"]).toBe(onPurge === "delete" ? undefined : false);
  });

  test("of an account that is gone is done", async () => {
    const parts = await begin();
    parts.scim.users.clear();
    expect(told(await applyAll(parts, [purge(parts)]))).toEqual(["purge 1 ok"]);
    expect(account(parts) ?? null).toBeNull();
    expect(events(parts)).toBe(1);
  });

  test.each([
    ["everything", () => true],
    ["what would delete", (method: string) => method === "DELETE" || method === "PATCH"],
  ])("is not done where a gateway answers 404 to %s", async (_, hits) => {
    const parts = await begin();
    let down = false;
    parts.scim.fault = ({ method, path }) => {
      if (!path.startsWith("/Users")) return null;
      down ||= hits(method);
      return down ? new Response("<html>maintenance</html>", { status: 404 }) : null;
    };
    await expect(applyAll(parts, [purge(parts)])).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    expect(account(parts)).toMatchObject({ tier: null, purgedAt: null });
    expect(events(parts)).toBeGreaterThan(1);
  });
});

test("a purge of an account that bears another's object id by now is refused", async () => {
  const parts = await revoked();
  Object.assign(parts.scim.users.get(parts.id) ?? {}, { externalId: personId(7) });
  expect(told(await applyAll(parts, [purge(parts)]))).toEqual(["purge 1 ERR_TARGET_REFUSED"]);
  expect(parts.scim.users.size).toBe(1);
});

test("a revoke and a purge in one batch take both, with groups too", async () => {
  const parts = await revoked({}, { tierAs: "groups" });
  await applyAll(parts, [item(parts.store, 2, "create"), item(parts.store, 2, "assign", null, "Pro")]);
  await applyAll(parts, [item(parts.store, 3, "create"), item(parts.store, 3, "assign", null, "Pro")]);
  const both = [2, 3].flatMap((n) => [item(parts.store, n, "revoke", "Pro", null), item(parts.store, n, "purge")]);
  expect((await applyAll(parts, [purge(parts), ...both])).every(({ ok }) => ok)).toBe(true);
  expect(parts.scim.users.size).toBe(0);
});

describe("an account that is gone", () => {
  test("keeps its purge, whatever else was asked for it", async () => {
    const parts = await revoked();
    const address = "new@contoso.example";
    parts.scim.users.clear();
    const update = item(parts.store, 1, "update", null, null, {
      profile: profileOf(1, { userName: address, address }),
    });
    expect(told(await applyAll(parts, [update]))).toEqual(["update 1 ERR_TARGET_REFUSED"]);
    expect(account(parts)).toMatchObject({ revokedAt: expect.any(Number), purgedAt: null });
    expect(told(await applyAll(parts, [purge(parts)]))).toEqual(["purge 1 ok"]);
    expect(events(parts)).toBe(1);
  });

  test("is not gone where a gateway answers 404 to everything", async () => {
    const parts = scimParts();
    await parts.refresh();
    await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")]);
    parts.scim.fault = () => new Response("<html>maintenance</html>", { status: 404 });
    const unreachable = { code: "ERR_TARGET_UNREACHABLE" };
    for (const one of [item(parts.store, 1, "change", "Pro", "Eco"), item(parts.store, 1, "update", "Pro", "Pro")]) {
      await expect(applyAll(parts, [one])).rejects.toMatchObject(unreachable);
    }
    await expect(parts.refresh([personId(1)])).rejects.toMatchObject(unreachable);
    expect(account(parts)).toMatchObject({ tier: "Pro" });
  });
});

test("a licence given by hand between revoke and purge is left with `report`, and the state says so", async () => {
  const parts = scimTenant();
  const purgeAfter = 60_000;
  const begin = Date.now();
  parts.members.set(1, "Pro");
  await parts.cycle();
  parts.members.set(1, "No_Licence");
  expect(await parts.cycle({ at: begin, purgeAfter })).toMatchObject({ actions: { revoke: 1, purge: 0 } });
  for (const [id, user] of parts.scim.users) parts.scim.users.set(id, { ...user, entitlements: [{ value: "Pro" }] });
  for (const minute of [2, 3, 10]) {
    await parts.cycle({ at: begin + minute * 60_000, purgeAfter });
    expect(parts.tierAt(1)).toEqual(["Pro"]);
  }
  expect(parts.person(1)).toMatchObject({ state: "licensed", reason: expect.stringContaining("by hand") });
});

describe.each([
  ["PATCH", {}],
  ["PUT", { patch: false }],
] as const)("an account that can be read is not gone, whatever is said to a %s", (method, service) => {
  test.each([1, 9])("where that is answered 404 (%p times)", async (times) => {
    const parts = scimParts(service);
    await parts.refresh();
    await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")]);
    let left: number = times;
    parts.scim.fault = (request) => {
      if (request.method !== method || left === 0) return null;
      left -= 1;
      return new Response("not found", { status: 404 });
    };
    const [result] = await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]);
    expect(result?.ok).toBe(times === 1);
    expect(account(parts)).toMatchObject({ tier: times === 1 ? "Eco" : "Pro" });
  });

  test("nor to a DELETE", async () => {
    const parts = await revoked(service);
    parts.scim.fault = (request) => (request.method === "DELETE" ? new Response("", { status: 404 }) : null);
    expect(told(await applyAll(parts, [purge(parts)]))).toEqual(["purge 1 ERR_TARGET_REFUSED"]);
    expect(events(parts)).toBeGreaterThan(1);
  });
});
