/** An account is made with its tier in one request: whether it was given is seen, or looked at. */
import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { type StrictOptions, scimError } from "../support/strict-scim.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

/** Nothing is shown of what was made or changed, but where it is. */
function silent(parts: ScimParts): void {
  parts.scim.lie = ({ method, path, body }) => {
    if (method === "PATCH" || method === "PUT") return new Response(null, { status: 204 });
    if (method !== "POST" || path !== "/Users") return null;
    const made = [...parts.scim.users.values()].find((user) => user["externalId"] === body?.["externalId"]);
    return new Response(null, { status: 201, headers: { location: `${parts.scim.url}/Users/${made?.id}` } });
  };
}

async function ready(service: StrictOptions, shows: boolean): Promise<ScimParts> {
  const parts = scimParts(service);
  await parts.refresh();
  if (!shows) silent(parts);
  parts.scim.log.length = 0;
  return parts;
}

const licensed = ({ store }: ScimParts, ...people: number[]) =>
  people.flatMap((number) => [item(store, number, "create"), item(store, number, "assign", null, "Pro")]);
const tiers = ({ scim }: ScimParts) => [...scim.users.values()].map(({ entitlements }) => entitlements);
const events = ({ views }: ScimParts, number: number) =>
  views.events("contoso", personId(number), { limit: 9 }).items.map(({ type }) => type);
const PRO = [{ value: "Pro" }];

const bulk = { maxOperations: 10, maxPayloadSize: 100_000 };
const services: [string, StrictOptions, boolean][] = [
  ["shows what it made", {}, true],
  ["shows nothing", {}, false],
  ["shows what it made, by PUT", { patch: false }, true],
  ["shows nothing, by PUT", { patch: false }, false],
  ["shows what it made, in bulk", { bulk }, true],
  ["keeps ETags", { etag: "enforced" }, true],
];

describe.each(services)("a service that %s and ignores the tier of a new account", (_, service, shows) => {
  test("is given the tier afterwards, with the records of both, once", async () => {
    const parts = await ready({ ...service, bareAccounts: true }, shows);
    const results = await applyAll(parts, licensed(parts, 1, 2, 3));
    expect(results.filter(({ ok }) => ok)).toHaveLength(6);
    expect(tiers(parts)).toEqual([PRO, PRO, PRO]);
    for (const number of [1, 2, 3]) expect(events(parts, number)).toEqual(["assigned", "created"]);
    expect(parts.store.people.person(personId(1))?.account).toMatchObject({ tier: "Pro", adopted: false });
    expect(parts.store.journal.unsettled()).toEqual([]);
    await parts.refresh([], true);
    expect(parts.drifts).toEqual([]);
  });

  test("and never gives it has made the account, and says that the tier is missing", async () => {
    const parts = await ready({ ...service, bareAccounts: true }, shows);
    parts.scim.fault = ({ method, path }) => {
      if (method !== "PATCH" && method !== "PUT") return null;
      const user = parts.scim.users.get(path.split("/")[2] ?? "");
      return shows ? Response.json(user) : new Response(null, { status: 204 });
    };
    const results = await applyAll(parts, licensed(parts, 1));
    expect(told(results)).toEqual(["create 1 ok", "assign 1 ERR_TARGET_REFUSED"]);
    expect(results[1]).toMatchObject({ message: expect.stringContaining("then shows something else") });
    expect(parts.store.people.person(personId(1))?.account).toMatchObject({ tier: null });
  });

  test("or refuses it has made the account all the same", async () => {
    const parts = await ready({ ...service, bareAccounts: true }, shows);
    parts.scim.fault = ({ method }) =>
      ["PATCH", "PUT"].includes(method) ? scimError(409, undefined, "no seats") : null;
    const results = await applyAll(parts, licensed(parts, 1, 2));
    expect(told(results).sort()).toEqual(
      [1, 2].flatMap((n) => [`create ${n} ok`, `assign ${n} ERR_TARGET_REFUSED`]).sort(),
    );
    expect(parts.scim.users.size).toBe(2);
    expect(events(parts, 1)).toEqual(["created"]);
  });
});

describe("an account made with its tier", () => {
  test("is looked at once where the service shows nothing, and the next ones are not", async () => {
    const parts = await ready({}, false);
    await applyAll(parts, licensed(parts, 1));
    await applyAll(parts, licensed(parts, 2, 3, 4));
    expect(tiers(parts)).toEqual([PRO, PRO, PRO, PRO]);
    expect(parts.scim.log.map(({ method }) => method).sort()).toEqual(["GET", "POST", "POST", "POST", "POST"]);
  });

  test("takes one request where the service shows it", async () => {
    const parts = await ready({}, true);
    await applyAll(parts, licensed(parts, 1, 2));
    expect(writes(parts.scim.log)).toEqual(["POST /Users", "POST /Users"]);
    expect(parts.scim.log).toHaveLength(2);
  });
});
