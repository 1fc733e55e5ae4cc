/** The same accounts under another address of the service, or under other ids: what is known of people goes with them. */
import { describe, expect, test } from "bun:test";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { scimTenant } from "../support/scim-tenant.ts";
import type { StrictOptions } from "../support/strict-scim.ts";
import { applyAll, decideState, item, personId, told } from "../support/target-people.ts";

/** Person 1 was revoked, person 2 holds Eco, person 3 has a Pro that somebody gave by hand and that is left. */
async function ready(service: StrictOptions = {}): Promise<ScimParts> {
  const parts = scimParts(service);
  await parts.refresh();
  for (const number of [1, 2, 3]) {
    await applyAll(parts, [item(parts.store, number, "create"), item(parts.store, number, "assign", null, "Eco")]);
    decideState(parts.store, number, "licensed");
  }
  await applyAll(parts, [item(parts.store, 1, "revoke", "Eco", null)]);
  decideState(parts.store, 1, "unlicensed");
  change(parts, 3, { entitlements: [{ value: "Pro" }] });
  await parts.refresh([], true);
  parts.drifts.length = 0;
  return parts;
}

function change({ scim }: Pick<ScimParts, "scim">, number: number, more: object): void {
  const user = [...scim.users.values()].find(({ externalId }) => externalId === personId(number));
  if (user !== undefined) scim.users.set(user.id, { ...user, ...more });
}

/** The same people, as after an import: ids are given anew, some of them to others. */
function renumber(parts: ScimParts): ScimParts {
  const ids = [...parts.scim.users.keys()];
  return withIds(parts, (index) => ids[(index + 1) % ids.length] ?? "");
}

function reimport<P extends Pick<ScimParts, "scim">>(parts: P): P {
  return withIds(parts, (index) => `new-${index}`);
}

function withIds<P extends Pick<ScimParts, "scim">>(parts: P, idOf: (index: number) => string): P {
  const users = [...parts.scim.users.values()].map((user, index) => ({ ...user, id: idOf(index) }));
  parts.scim.users.clear();
  for (const user of users) parts.scim.users.set(user.id, user);
  return parts;
}

const account = ({ store }: ScimParts, number: number) => store.people.person(personId(number))?.account ?? null;
const elsewhere = (parts: ScimParts): ScimParts => {
  const target = parts.restarted({ url: parts.scim.url.replace("127.0.0.1", "localhost") });
  return { ...parts, target, refresh: (_, whole) => target.refresh([], AbortSignal.timeout(15_000), whole) };
};
const events = ({ views }: ScimParts) =>
  views.events("contoso", personId(1), { limit: 9 }).items.map(({ type }) => type);

describe.each<[string, (parts: ScimParts) => ScimParts]>([
  ["at another address", (parts) => elsewhere(parts)],
  ["under other ids", (parts) => reimport(parts)],
  ["at another address under ids of others", (parts) => elsewhere(renumber(parts))],
])("a service that is found %s", (_, move) => {
  test("has the same people, and what was begun with them goes on", async () => {
    const before = await ready();
    const keys = [1, 2, 3].map((number) => account(before, number)?.key);
    const revokedAt = account(before, 1)?.revokedAt;
    const parts = move(before);
    await parts.refresh([], true);
    expect([1, 2, 3].map((number) => account(parts, number)?.key)).toEqual(keys);
    expect(account(parts, 1)).toMatchObject({ tier: null, revokedAt, purgedAt: null, adopted: false });
    expect(account(parts, 2)).toMatchObject({ tier: "Eco" });
    expect(account(parts, 3)).toMatchObject({ tier: "Pro", overridden: { tier: "Eco" } });
    expect(parts.drifts).toEqual([]);
    expect([...parts.store.accounts.usage()].sort()).toEqual([
      ["Eco", 1],
      ["Pro", 1],
    ]);
    for (const { id, externalId } of parts.scim.users.values()) {
      expect(parts.store.remote.of(String(externalId))?.remoteId).toBe(id);
    }
    expect(told(await applyAll(parts, [item(parts.store, 1, "purge")]))).toEqual(["purge 1 ok"]);
    expect([...parts.scim.users.values()].map(({ externalId }) => externalId)).toEqual([personId(2), personId(3)]);
    expect(events(parts)).toEqual(["purged"]);
  });

  test("is written what the agent cannot know to be there", async () => {
    const parts = move(await ready());
    await parts.refresh([], true);
    expect(account(parts, 2)?.profile).not.toBe(JSON.stringify(item(parts.store, 2, "update").profile));
  });
});

describe("accounts of another service", () => {
  test("that holds something for somebody ends what a revoke began there", async () => {
    const parts = elsewhere(await ready());
    change(parts, 1, { entitlements: [{ value: "Eco" }] });
    await parts.refresh();
    expect(account(parts, 1)).toMatchObject({ tier: "Eco", revokedAt: null });
    expect(parts.drifts).toEqual([]);
  });

  test("are not known by ids that they share with the old one", async () => {
    const parts = elsewhere(await ready());
    for (const [id, user] of parts.scim.users) parts.scim.users.set(id, { ...user, externalId: `other-${id}` });
    await parts.refresh();
    for (const number of [1, 2, 3]) expect(account(parts, number)).toBeNull();
    expect(parts.store.accounts.count()).toBe(3);
  });
});

describe("an account with a purge to come that has another id by now", () => {
  test.each([[{}], [{ filter: false }]])(
    "is not taken for deleted, and is purged when it is read (%j)",
    async (service) => {
      const parts = await ready(service);
      reimport(parts);
      const [result] = await applyAll(parts, [item(parts.store, 1, "purge")]);
      expect(result).toMatchObject({ ok: false, message: expect.stringContaining("another id") });
      expect(events(parts)).toContain("revoked");
      await parts.refresh([], true);
      expect(account(parts, 1)).toMatchObject({ tier: null, purgedAt: null });
      expect(told(await applyAll(parts, [item(parts.store, 1, "purge")]))).toEqual(["purge 1 ok"]);
      expect(parts.scim.users.size).toBe(2);
    },
  );
});

test("an address that was lost with the old account is written to the new one", async () => {
  const parts = scimTenant({ reconcileEvery: 0 });
  parts.members.set(1, "Pro");
  await parts.cycle();
  reimport(parts);
  change(parts, 1, { userName: "old@contoso.example", emails: [] });
  expect(await parts.cycle()).toMatchObject({ actions: { create: 0, adopt: 0, assign: 0, update: 1 }, failures: [] });
  expect([...parts.scim.users.values()]).toMatchObject([
    { userName: "p1@contoso.example", emails: [{ value: "P1@contoso.example" }], entitlements: [{ value: "Pro" }] },
  ]);
});
