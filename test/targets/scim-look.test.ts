/** Accounts that somebody made by hand since everything was read, for people who are to get one now. */
import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { scimTenant } from "../support/scim-tenant.ts";
import { type Json, type StrictOptions, scimError } from "../support/strict-scim.ts";
import { personId } from "../support/target-people.ts";

type Tenant = ReturnType<typeof scimTenant>;
type Target = Parameters<typeof scimTenant>[0];

/** Whose licences are kept how. */
const STYLES: readonly (readonly [string, StrictOptions, Target])[] = [
  ["PATCH", { etag: "enforced" }, {}],
  ["PUT", { patch: false }, {}],
  ["roles", {}, { tierAs: "roles" }],
  ["groups", {}, { tierAs: "groups" }],
  ["bulk", { bulk: { maxOperations: 5, maxPayloadSize: 100_000 } }, {}],
];
/** Of person 21. */
const HANDMADE: readonly (readonly [string, Json])[] = [
  ["e-mail address", { userName: "hand.made", emails: [{ value: "p21@contoso.example", type: "work" }] }],
  ["object id", { userName: "hand.made", externalId: personId(21), emails: [] }],
  ["object id in capitals", { userName: "hand.made", externalId: personId(21).toUpperCase(), emails: [] }],
  ["user principal name as an e-mail address", { userName: "hand.made", emails: [{ value: "P21@CONTOSO.example" }] }],
];
/** So many pages that filters take fewer requests. */
const PAGED: StrictOptions = { pageSize: 3 };

const ACCOUNTS = 30;

/** People 1 and 2 with accounts, and as many that are nobody's; everything was read before the last cycle. */
async function settled(service: StrictOptions = {}, more: Target = {}): Promise<Tenant> {
  const parts = scimTenant(more, service);
  for (const tier of ["Eco", "Advanced", "Pro"]) parts.scim.addGroup(tier);
  for (let number = 1; number <= ACCOUNTS - 2; number += 1) parts.scim.add({ userName: `stranger${number}@x.example` });
  for (const number of [1, 2]) parts.members.set(number, "Eco");
  expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [] });
  expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", requests: { target: 0 } });
  return parts;
}

/** Ids of the accounts that hold Pro, wherever that is kept. */
function holdersOfPro({ scim, options }: Tenant): unknown[] {
  const values = (list: unknown): unknown[] => ((list ?? []) as { value: unknown }[]).map(({ value }) => value);
  if (options.tierAs === "groups") {
    return values([...scim.groups.values()].find(({ displayName }) => displayName === "Pro")?.["members"]);
  }
  const { tierAs } = options;
  return [...scim.users.values()].filter((user) => values(user[tierAs]).includes("Pro")).map(({ id }) => id);
}

const asked = ({ scim }: Tenant) => scim.log.filter(({ method }) => method === "GET").map(({ path }) => path);
const filters = (parts: Tenant) => asked(parts).filter((path) => path.includes("filter="));
const lists = (parts: Tenant) => asked(parts).filter((path) => path.startsWith("/Users?") && !path.includes("filter="));

describe.each([
  ["by filter", PAGED],
  ["in the list, where that takes no more requests", {}],
  ["in the list, where there are no filters", { ...PAGED, filter: false }],
] as const)("an account made by hand is found %s", (_, paged) => {
  describe.each([...STYLES])("(%s)", (_, service, target) => {
    test.each([...HANDMADE])("by its %s, and taken over in that cycle rather than doubled", async (_, account) => {
      const parts = await settled({ ...service, ...paged }, target);
      const id = parts.scim.add(account);
      for (const number of [21, 22]) parts.members.set(number, "Pro");
      expect(await parts.cycle()).toMatchObject({
        ...{ outcome: "succeeded", kind: "incremental", failures: [] },
        actions: { create: 1, assign: 2, update: 1 },
      });
      expect([...parts.scim.users.values()].filter(({ externalId }) => externalId === personId(21))).toMatchObject([
        { id, userName: "p21@contoso.example" },
      ]);
      expect(parts.scim.users.size).toBe(ACCOUNTS + 2);
      expect(parts.person(21)).toMatchObject({ state: "licensed", targetId: id });
      expect(holdersOfPro(parts)).toHaveLength(2);
      expect(holdersOfPro(parts)).toContain(id);
      expect(lists(parts).length > 0).toBe(filters(parts).length === 0);
      expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", requests: { target: 0 } });
    });
  });
});

describe("looking for accounts made by hand", () => {
  test("takes one request for several people, once the filter has found two accounts that are known", async () => {
    const parts = await settled(PAGED);
    for (const number of [21, 22, 23]) parts.members.set(number, "Pro");
    expect(await parts.cycle()).toMatchObject({ actions: { create: 3 }, requests: { target: 2 + 3 } });
    expect(filters(parts)).toHaveLength(2);
    for (const number of [24, 25, 26]) parts.members.set(number, "Pro");
    expect(await parts.cycle()).toMatchObject({ actions: { create: 3 }, requests: { target: 1 + 3 } });
    expect(filters(parts)[0]).toContain('emails.value eq "p26@contoso.example"');
    expect(await parts.cycle()).toMatchObject({ requests: { target: 0 } });
  });

  test("keeps each filter short, and never takes more requests than the list", async () => {
    const parts = await settled(PAGED);
    for (let number = 21; number <= 50; number += 1) parts.members.set(number, "Pro");
    await parts.cycle();
    expect(filters(parts).length).toBeLessThan(10);
    for (const path of filters(parts))
      expect(encodeURIComponent(path.split("filter=")[1] ?? "").length).toBeLessThan(1801);
    for (let number = 51; number <= 400; number += 1) parts.members.set(number, "Pro");
    await parts.cycle();
    expect(filters(parts)).toEqual([]);
    expect(lists(parts)).toHaveLength(20);
    expect(parts.scim.users.size).toBe(ACCOUNTS + 30 + 350);
  });

  test("asks nothing where everything was read in that cycle", async () => {
    const parts = scimTenant({ reconcileEvery: 0 }, {});
    for (let number = 1; number <= 40; number += 1) parts.members.set(number, "Pro");
    // What the service can do, its list, and a POST each.
    expect(await parts.cycle()).toMatchObject({ actions: { create: 40 }, requests: { target: 3 + 1 + 40 } });
    for (let number = 41; number <= 60; number += 1) parts.members.set(number, "Pro");
    expect(await parts.cycle()).toMatchObject({ actions: { create: 20 }, requests: { target: 1 + 20 } });
  });

  test("reads the list once in a cycle, whoever comes in by that", async () => {
    const parts = await settled();
    // Deleted by hand: that shows as the list is read for the other.
    const first = [...parts.scim.users.values()].find(({ externalId }) => externalId === personId(1))?.id ?? "";
    parts.scim.users.delete(first);
    parts.members.set(21, "Pro");
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [], actions: { create: 2 } });
    expect(lists(parts)).toHaveLength(1);
    expect(parts.tierAt(1)).toEqual(["Eco"]);
  });

  test("leaves an account alone that bears another's object id: the address is contested", async () => {
    const parts = await settled(PAGED);
    const emails = [{ value: "p21@contoso.example" }];
    const id = parts.scim.add({ userName: "hand.made", externalId: personId(99), emails });
    parts.members.set(21, "Pro");
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions: { create: 0, adopt: 0 } });
    expect(writes(parts.scim.log)).toEqual([]);
    expect(parts.scim.users.get(id)).toMatchObject({ externalId: personId(99), emails });
    expect(parts.person(21)).toMatchObject({ state: "conflict" });
  });

  test("does not go round the brakes: what is taken over keeps its licence until that is approved", async () => {
    const parts = await settled(PAGED);
    const account = { userName: "hand.made", emails: [{ value: "p21@contoso.example" }] };
    const id = parts.scim.add({ ...account, entitlements: [{ value: "Pro" }] });
    parts.members.set(21, "Advanced");
    const guard = { revoke: null, purge: null, change: { count: 0, percent: 100 }, create: null };
    expect(await parts.cycle({ guard })).toMatchObject({ outcome: "held", held: { change: 1 }, actions: { adopt: 1 } });
    expect(parts.scim.users.get(id)).toMatchObject({ externalId: personId(21), entitlements: [{ value: "Pro" }] });
  });

  test("that does not succeed fails the cycle before anything is made, and the next one goes on", async () => {
    const parts = await settled(PAGED);
    const [, account = {}] = HANDMADE[0] ?? [];
    parts.scim.add(account);
    for (const number of [21, 22]) parts.members.set(number, "Pro");
    for (const fault of [() => scimError(503), () => new Response("<html>", { status: 502 })]) {
      parts.scim.fault = fault;
      expect(await parts.cycle()).toMatchObject({ outcome: "failed", error: { code: "ERR_TARGET_UNREACHABLE" } });
      expect(writes(parts.scim.log)).toEqual([]);
    }
    parts.scim.fault = () => null;
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions: { adopt: 1, create: 1 } });
    // It was the service that was to blame, not its filters.
    expect(lists(parts)).toEqual([]);
    expect(parts.scim.users.size).toBe(ACCOUNTS + 2);
  });
});

/** To the query of a filter; null: as the service itself answers. */
type Answer = (query: string) => Response | null;

describe("filters that a service", () => {
  const empty = () => Response.json({ totalResults: 0 });
  const has = (query: string, words: string) => decodeURIComponent(query).includes(words);
  const fallsBack: readonly (readonly [string, Answer])[] = [
    ["refuses", () => scimError(400, "invalidFilter")],
    ["fails at", () => scimError(500)],
    ["forbids", () => scimError(403)],
    ["does not know for e-mail addresses", (query) => (has(query, "emails") ? scimError(400, "invalidFilter") : null)],
    ["leaves out in silence for e-mail addresses", (query) => (has(query, "emails") ? empty() : null)],
    ["takes, and lists nobody", empty],
    ["takes, and lists everybody", () => Response.json({ totalResults: 1, Resources: [{ id: "x", userName: "x" }] })],
  ];
  /** Answers in place of those to filters. */
  function fault(parts: Tenant, answer: Answer): void {
    parts.scim.fault = ({ path, query }) => (path === "/Users" && query.includes("filter=") ? answer(query) : null);
  }

  test.each([...fallsBack])(
    "%s are not relied upon: the list is read instead, and they are not tried again that day",
    async (_, answer) => {
      const parts = await settled(PAGED);
      const [, account = {}] = HANDMADE[0] ?? [];
      const id = parts.scim.add(account);
      fault(parts, answer);
      parts.members.set(21, "Pro");
      expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [], actions: { adopt: 1 } });
      expect(parts.tierAt(21)).toEqual(["Pro"]);
      expect(parts.scim.users.get(id)).toMatchObject({ externalId: personId(21) });
      expect(parts.scim.users.size).toBe(ACCOUNTS + 1);
      parts.members.set(22, "Pro");
      expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions: { create: 1 } });
      expect(filters(parts)).toEqual([]);
    },
  );

  test.each([
    ["refuses", () => scimError(400, "invalidFilter")],
    ["reads as a part of the value", empty],
  ])("takes for one value only, because it %s `or`, are asked one by one", async (_, answer) => {
    const parts = await settled(PAGED);
    const [, account = {}] = HANDMADE[0] ?? [];
    parts.scim.add(account);
    fault(parts, (query) => (has(query, " or ") ? answer() : null));
    parts.members.set(21, "Pro");
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [], actions: { adopt: 1 } });
    expect(lists(parts)).toEqual([]);
    expect(parts.scim.users.size).toBe(ACCOUNTS + 1);
    parts.members.set(22, "Pro");
    expect(await parts.cycle()).toMatchObject({ actions: { create: 1 }, requests: { target: 6 + 1 } });
  });
});
