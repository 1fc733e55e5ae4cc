import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import type { Json, StrictOptions } from "../support/strict-scim.ts";
import { applyAll, item, personId, profileOf, told } from "../support/target-people.ts";

const ENTRA = "00000000-0000-4000-8000-000000000001";

/** Person 1 with an account that holds Pro and something of another's, and nothing in the log. */
async function licensed(service: StrictOptions = {}, user: Json = {}): Promise<ScimParts & { id: string }> {
  const parts = scimParts(service);
  const entitlements = [{ value: "Parking" }, { value: "Pro" }];
  const id = parts.scim.add({ userName: "p1@contoso.example", externalId: ENTRA, entitlements, ...user });
  await parts.refresh();
  parts.scim.log.length = 0;
  return { ...parts, id };
}

const change = ({ store }: ScimParts) => item(store, 1, "change", "Pro", "Eco");
const entitled = ({ scim, id }: ScimParts & { id: string }) => scim.users.get(id)?.["entitlements"];

describe("a change of tier", () => {
  test("is one PATCH that touches nothing else", async () => {
    const parts = await licensed();
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    expect(writes(parts.scim.log)).toEqual([`PATCH /Users/${parts.id}`]);
    expect(parts.scim.log).toHaveLength(1);
    expect(parts.scim.log[0]?.body).toEqual({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      Operations: [
        { op: "remove", path: 'entitlements[value eq "Pro"]' },
        { op: "add", path: "entitlements", value: [{ value: "Eco" }] },
      ],
    });
    expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Eco" }]);
  });

  test("replaces the whole attribute where values cannot be picked, and keeps what is another's", async () => {
    const parts = await licensed({ picks: false });
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Eco" }]);
    parts.scim.log.length = 0;
    await applyAll(parts, [item(parts.store, 1, "change", "Eco", "Pro")]);
    expect(parts.scim.log.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
  });

  test("is a PUT of the whole user where there is no PATCH", async () => {
    const parts = await licensed({ patch: false }, { nickName: "Ana", groups: [{ value: "g1" }] });
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    const put = parts.scim.log.find(({ method }) => method === "PUT")?.body as Json;
    expect(put).toMatchObject({ nickName: "Ana", entitlements: [{ value: "Parking" }, { value: "Eco" }] });
    expect(put["meta"] ?? put["groups"]).toBeUndefined();
  });

  test("becomes a PUT where a service says it knows PATCH and does not", async () => {
    const parts = await licensed();
    parts.scim.fault = ({ method }) => (method === "PATCH" ? new Response(null, { status: 501 }) : null);
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Eco" }]);
  });

  test("corrects a spelling, and holds one tier only afterwards", async () => {
    const parts = await licensed({}, { entitlements: [{ value: "pro" }, { value: "ECO" }, { value: "Parking" }] });
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Eco" }]);
  });

  test("is done again from a fresh look when the account holds something else than the copy knows", async () => {
    const parts = await licensed();
    const user = parts.scim.users.get(parts.id);
    if (user !== undefined) user["entitlements"] = [{ value: "Advanced" }];
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
    expect(entitled(parts)).toEqual([{ value: "Eco" }]);
  });

  test.each([["enforced"], ["required"]] as const)(
    "with ETags %s, reads once more when somebody wrote meanwhile",
    async (etag) => {
      const parts = await licensed({ etag });
      expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ok"]);
      expect(parts.scim.log.map(({ method, status }) => `${method} ${status}`)).toEqual(["PATCH 200"]);
      const user = parts.scim.users.get(parts.id);
      if (user !== undefined) user.meta = { version: 'W/"other"' };
      parts.scim.log.length = 0;
      expect(told(await applyAll(parts, [item(parts.store, 1, "change", "Eco", "Pro")]))).toEqual(["change 1 ok"]);
      expect(parts.scim.log.map(({ method, status }) => `${method} ${status}`)).toEqual([
        "PATCH 412",
        "GET 200",
        "PATCH 200",
      ]);
      expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Pro" }]);
    },
  );
});

describe("a new account", () => {
  test("is one POST, its tier with it", async () => {
    const parts = scimParts();
    await parts.refresh();
    parts.scim.log.length = 0;
    const profile = profileOf(1, { language: "fr-CA", timeZone: "Eastern Standard Time" });
    await applyAll(parts, [
      item(parts.store, 1, "create", null, null, { profile }),
      item(parts.store, 1, "assign", null, "Pro"),
    ]);
    expect(parts.scim.log.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /Users"]);
    expect(parts.scim.log[0]?.body).toEqual({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      externalId: ENTRA,
      userName: "p1@contoso.example",
      name: { givenName: "Person", familyName: "No 1" },
      displayName: "Person 1",
      emails: [{ value: "p1@contoso.example", type: "work", primary: true }],
      active: true,
      preferredLanguage: "fr-CA",
      locale: "fr-CA",
      timezone: "America/New_York",
      entitlements: [{ value: "Pro" }],
    });
  });

  test("is made without the tier when it is the tier that is refused", async () => {
    const parts = scimParts();
    await parts.refresh();
    parts.scim.fault = ({ body }) =>
      JSON.stringify(body ?? {}).includes('"Pro"')
        ? Response.json({ scimType: "invalidValue", detail: "no seat of Pro is left" }, { status: 400 })
        : null;
    const results = await applyAll(parts, [
      item(parts.store, 1, "create"),
      item(parts.store, 1, "assign", null, "Pro"),
    ]);
    expect(told(results)).toEqual(["create 1 ok", "assign 1 ERR_TARGET_REFUSED"]);
    expect(results[1]).toMatchObject({
      message: "changing the account was answered 400 invalidValue: no seat of Pro is left",
    });
    expect(parts.scim.users.size).toBe(1);
  });

  test("has what the schema requires and the directory lacks, and nothing that the schema lacks", async () => {
    const schema = [
      { name: "userName", type: "string", required: true },
      { name: "name", type: "complex", subAttributes: [{ name: "familyName", required: true }, { name: "givenName" }] },
      { name: "displayName", type: "string", required: true },
      { name: "emails", type: "complex", multiValued: true },
      { name: "active", type: "boolean", mutability: "readOnly" },
      { name: "entitlements", type: "string", multiValued: true },
    ];
    const parts = scimParts({ schema });
    await parts.refresh();
    const profile = profileOf(1, { displayName: null, givenName: null, surname: null, language: "en" });
    await applyAll(parts, [
      item(parts.store, 1, "create", null, null, { profile }),
      item(parts.store, 1, "assign", null, "Pro"),
    ]);
    const { meta: _meta, id: _id, ...user } = [...parts.scim.users.values()][0] ?? {};
    expect(user).toEqual({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      externalId: ENTRA,
      userName: "p1@contoso.example",
      name: { familyName: "p1@contoso.example" },
      displayName: "p1@contoso.example",
      emails: [{ value: "p1@contoso.example", type: "work", primary: true }],
      entitlements: ["Pro"],
    });
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
  });

  test("is refused as a matter of configuration where users have no place for tiers", async () => {
    const parts = scimParts({ schema: [{ name: "userName" }, { name: "roles" }] });
    await expect(parts.refresh()).rejects.toMatchObject({ code: "ERR_CONFIG" });
    await parts.restarted({ tierAs: "roles" }).refresh([], AbortSignal.timeout(5000));
  });
});

describe("taking over an account", () => {
  test("writes what the directory says, and leaves what it says nothing of", async () => {
    const parts = scimParts();
    const id = parts.scim.add({
      userName: "p1@contoso.example",
      nickName: "Pat",
      preferredLanguage: "de",
      emails: [{ value: "pat@home.example", type: "home" }],
      entitlements: [{ value: "Eco" }],
    });
    await parts.refresh();
    parts.scim.log.length = 0;
    const [found] = parts.store.accounts.unbound(["p1@contoso.example"]);
    const adopt = item(parts.store, 1, "adopt", "Eco", "Eco", { account: found?.key ?? 0 });
    await applyAll(parts, [adopt, { ...item(parts.store, 1, "update", "Eco", "Eco"), accountKey: found?.key ?? null }]);
    expect(writes(parts.scim.log)).toEqual([`PATCH /Users/${id}`]);
    expect(parts.scim.users.get(id)).toMatchObject({
      externalId: personId(1),
      displayName: "Person 1",
      nickName: "Pat",
      preferredLanguage: "de",
      emails: [
        { value: "p1@contoso.example", type: "work", primary: true },
        { value: "pat@home.example", type: "home" },
      ],
      entitlements: [{ value: "Eco" }],
    });
  });

  test("is refused when it was bound to somebody else meanwhile", async () => {
    const parts = scimParts();
    const id = parts.scim.add({ userName: "p1@contoso.example" });
    await parts.refresh();
    const [found] = parts.store.accounts.unbound(["p1@contoso.example"]);
    const user = parts.scim.users.get(id);
    if (user !== undefined) user["externalId"] = personId(99);
    const results = await applyAll(parts, [item(parts.store, 1, "adopt", null, null, { account: found?.key ?? 0 })]);
    expect(results[0]).toMatchObject({
      ok: false,
      message: `changing the account: it was bound to ${personId(99)} meanwhile`,
    });
  });
});

describe("a purge", () => {
  test("deletes the account, and one that is gone already is purged too", async () => {
    const parts = await licensed();
    await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    parts.scim.users.clear();
    expect(told(await applyAll(parts, [item(parts.store, 1, "purge")]))).toEqual(["purge 1 ok"]);
    expect(parts.store.accounts.count()).toBe(0);
  });

  test("that deactivates leaves an account which a new licence wakes", async () => {
    const base = await licensed();
    const parts = { ...base, target: base.restarted({ onPurge: "deactivate" }) };
    await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null), item(parts.store, 1, "purge")]);
    expect(parts.scim.users.get(base.id)).toMatchObject({ active: false, entitlements: [{ value: "Parking" }] });
    await applyAll(parts, [item(parts.store, 1, "assign", null, "Eco")]);
    expect(parts.scim.users.get(base.id)).toMatchObject({ active: true });
    expect(entitled(base)).toEqual([{ value: "Parking" }, { value: "Eco" }]);
  });
});

describe("bulk", () => {
  const bulk = { maxOperations: 4, maxPayloadSize: 100_000 };

  test("creates many at once, within what the service takes", async () => {
    const parts = scimParts({ bulk });
    await parts.refresh();
    parts.scim.log.length = 0;
    const people = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const items = people.flatMap((n) => [item(parts.store, n, "create"), item(parts.store, n, "assign", null, "Pro")]);
    expect((await applyAll(parts, items)).every(({ ok }) => ok)).toBe(true);
    expect(writes(parts.scim.log)).toEqual(["POST /Bulk", "POST /Bulk", "POST /Bulk"]);
    expect(parts.scim.users.size).toBe(10);
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 10]]);
  });

  test("does alone what was refused in it, so that a refusal is one person's", async () => {
    const parts = scimParts({ bulk });
    parts.scim.add({ userName: "p2@contoso.example", externalId: personId(2) });
    await parts.refresh();
    parts.store.remote.remove(parts.store.remote.of(personId(2))?.key ?? 0);
    parts.scim.fault = ({ path, body }) =>
      path === "/Users" && body?.["userName"] === "p3@contoso.example"
        ? Response.json({ detail: "no such domain" }, { status: 400 })
        : null;
    const items = [1, 2, 3].flatMap((n) => [
      item(parts.store, n, "create"),
      item(parts.store, n, "assign", null, "Eco"),
    ]);
    expect(told(await applyAll(parts, items)).sort()).toEqual([
      "assign 1 ok",
      "assign 2 ok",
      "create 1 ok",
      "create 2 ok",
      "create 3 ERR_TARGET_REFUSED",
    ]);
    expect([...parts.scim.users.values()].map(({ entitlements }) => entitlements)).toEqual([
      [{ value: "Eco" }],
      [{ value: "Eco" }],
    ]);
  });

  test("is given up where the service turns it down as a whole", async () => {
    const parts = scimParts({ bulk });
    await parts.refresh();
    parts.scim.fault = ({ path }) => (path === "/Bulk" ? Response.json({}, { status: 413 }) : null);
    parts.scim.log.length = 0;
    const people = [1, 2, 3, 4, 5, 6];
    const results = await applyAll(
      parts,
      people.map((number) => item(parts.store, number, "create")),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(writes(parts.scim.log).filter((line) => line === "POST /Bulk")).toHaveLength(1);
    expect(parts.scim.users.size).toBe(6);
  });
});

describe("groups as tiers", () => {
  test.each([[true], [false]])("joins the new one before it leaves the old one (PATCH: %p)", async (patch) => {
    const base = scimParts({ patch });
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: ENTRA });
    const groups = { Eco: base.scim.addGroup("Eco"), Pro: base.scim.addGroup("pro", ["other", id]) };
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
    parts.scim.log.length = 0;
    await applyAll(parts, [change(parts)]);
    const method = patch ? "PATCH" : "PUT";
    expect(writes(parts.scim.log)).toEqual([`${method} /Groups/${groups.Eco}`, `${method} /Groups/${groups.Pro}`]);
    expect(parts.scim.groups.get(groups.Eco)?.["members"]).toEqual([{ value: id }]);
    expect(parts.scim.groups.get(groups.Pro)?.["members"]).toEqual([{ value: "other" }]);
  });

  test("finishes a change that was cut between the two", async () => {
    const base = scimParts();
    const id = base.scim.add({ userName: "p1@contoso.example", externalId: ENTRA });
    const groups = { Eco: base.scim.addGroup("Eco", [id]), Pro: base.scim.addGroup("Pro") };
    const parts = { ...base, target: base.restarted({ tierAs: "groups" }) };
    await parts.target.refresh([], AbortSignal.timeout(5000));
    parts.scim.fault = ({ method, path }) =>
      method === "PATCH" && path === `/Groups/${groups.Eco}` ? new Response("down", { status: 502 }) : null;
    const up = item(parts.store, 1, "change", "Eco", "Pro");
    await expect(applyAll(parts, [up])).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    parts.scim.fault = () => null;
    expect(parts.store.journal.unsettled()).toEqual([ENTRA]);
    await parts.target.refresh([ENTRA], AbortSignal.timeout(5000));
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
