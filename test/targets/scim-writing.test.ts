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

/** Of a service that answers a PATCH without showing what came of it (RFC 7644 §3.5.2). */
function withoutBodies(fetch: ScimParts["options"]["fetch"]): ScimParts["options"]["fetch"] {
  return async (input, init) => {
    const response = await fetch(input, init);
    return init?.method === "PATCH" && response.ok ? new Response(null, { status: 204 }) : response;
  };
}

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

  test("is looked at where the service picks nothing and answers nothing, so that a licence it kept does not count as taken", async () => {
    const parts = await licensed();
    const picks = (body: Json | null) => JSON.stringify(body).includes("[value eq");
    parts.scim.fault = ({ method, body }) =>
      method === "PATCH" && picks(body) ? new Response(null, { status: 204 }) : null;
    expect(told(await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]))).toEqual(["revoke 1 ok"]);
    expect(entitled(parts)).toEqual([{ value: "Parking" }]);
  });

  test("is looked at once where the service answers nothing and does what it is asked", async () => {
    const parts = await licensed();
    const mute = { ...parts, target: parts.restarted({ fetch: withoutBodies(parts.scim.fetch) }) };
    await applyAll(mute, [change(parts)]);
    await applyAll(mute, [item(parts.store, 1, "change", "Eco", "Pro")]);
    expect(entitled(parts)).toEqual([{ value: "Parking" }, { value: "Pro" }]);
    const users = parts.scim.log.filter(({ path }) => path === `/Users/${parts.id}`);
    expect(users.map(({ method }) => method)).toEqual(["PATCH", "GET", "PATCH"]);
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
