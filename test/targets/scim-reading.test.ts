import { describe, expect, test } from "bun:test";
import { addressKey } from "../../src/model/directory.ts";
import { createLedger } from "../../src/targets/ledger.ts";
import { probeScim } from "../../src/targets/scim/probe.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { applyAll, decideState, item, personId, profileOf } from "../support/target-people.ts";

const DAY = 24 * 60 * 60 * 1000;
const tierOf = ({ store }: ScimParts, number = 1) => store.people.person(personId(number))?.account?.tier;

/** Person 1 is licensed with Pro by the agent itself. */
async function licensed(more: Parameters<typeof scimParts>[1] = {}): Promise<ScimParts & { id: string }> {
  const parts = scimParts({}, more);
  await parts.refresh();
  await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")]);
  decideState(parts.store, 1, "licensed");
  const id = [...parts.scim.users.keys()][0] ?? "";
  parts.scim.log.length = 0;
  return { ...parts, id };
}

function setByHand({ scim }: ScimParts, id: string, tier: string | null): void {
  const user = scim.users.get(id);
  if (user !== undefined) user["entitlements"] = tier === null ? [] : [{ value: tier }];
}

describe("the first reading", () => {
  test("takes every page, also where pages are smaller than asked for", async () => {
    const parts = scimParts({ pageSize: 10, pageCap: 3 });
    for (let n = 1; n <= 20; n += 1) parts.scim.add({ userName: `u${n}@x.example`, entitlements: [{ value: "Eco" }] });
    await parts.refresh();
    expect([...parts.store.accounts.usage()]).toEqual([["Eco", 20]]);
    const starts = parts.scim.log.flatMap(({ path }) => /startIndex=(\d+)/.exec(path)?.[1] ?? []);
    expect(starts).toEqual(["1", "4", "7", "10", "13", "16", "19"]);
  });

  test("begins anew when the list changes under it", async () => {
    const parts = scimParts({ pageSize: 4 });
    const ids = Array.from({ length: 10 }, (_, n) => parts.scim.add({ userName: `u${n}@x.example` }));
    let pages = 0;
    parts.scim.listed = () => {
      pages += 1;
      // Everybody after the first moves up by one: the fifth would never be seen.
      if (pages === 1) parts.scim.users.delete(ids[0] ?? "");
    };
    await parts.refresh();
    expect(parts.store.accounts.count()).toBe(9);
    expect(pages).toBe(6);
  });

  test("is not taken for whole when the service lists fewer than it says", async () => {
    const parts = scimParts();
    parts.scim.add({ userName: "u1@x.example" });
    parts.scim.fault = ({ path }) =>
      path === "/Users" ? Response.json({ totalResults: 3, Resources: [{ id: "a", userName: "a" }] }) : null;
    await expect(parts.refresh()).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    expect(parts.store.remote.lastRead()).toBeNull();
  });

  test("does not take an answer that is no list for an empty one", async () => {
    const parts = scimParts();
    parts.scim.fault = ({ path }) => (path === "/Users" ? Response.json({ error: "sign in first" }) : null);
    await expect(parts.refresh()).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
  });

  test("reads the whole user where the service cannot select attributes", async () => {
    const parts = scimParts();
    parts.scim.add({ userName: "u1@x.example", entitlements: [{ value: "Pro" }] });
    const real = parts.scim.fetch;
    const target = parts.restarted({
      fetch: (input, init) =>
        input.includes("attributes=") ? Promise.resolve(new Response("{}", { status: 400 })) : real(input, init),
    });
    await target.refresh([], AbortSignal.timeout(5000));
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
  });

  test("binds an account that bears a person's object id, in whatever case", async () => {
    const parts = scimParts();
    const externalId = "00000000-0000-4000-8000-00000000000A";
    parts.scim.add({ userName: "ten@x.example", externalId, entitlements: [{ value: "Pro" }] });
    await parts.refresh();
    expect(parts.store.people.person(personId(10))?.account ?? null).toBeNull();
    const ten = parts.store.people.person(personId(1));
    parts.database.run("UPDATE person SET object_id=? WHERE id=?", externalId.toLowerCase(), ten?.key ?? 0);
    await parts.refresh();
    expect(parts.store.people.person(externalId.toLowerCase())?.account).toMatchObject({ tier: "Pro", adopted: true });
  });

  test("is repeated from nothing for another service, and with other tiers, and every day", async () => {
    let now = Date.UTC(2026, 0, 1);
    const parts = await licensed({ clock: { now: () => now } });
    parts.scim.add({ userName: "u1@x.example", entitlements: [{ value: "Gold" }] });
    const readAgain = async (more: Parameters<typeof parts.restarted>[0]) => {
      parts.scim.log.length = 0;
      await parts.restarted({ clock: { now: () => now }, ...more }).refresh([], AbortSignal.timeout(5000));
      return parts.scim.log.filter(({ path }) => path.startsWith("/Users?")).length;
    };
    expect(await readAgain({})).toBe(0);
    expect(await readAgain({ tiers: ["Eco", "Pro", "Gold"] })).toBe(1);
    expect([...parts.store.accounts.usage()].sort()).toEqual([
      ["Gold", 1],
      ["Pro", 1],
    ]);
    expect(await readAgain({ tiers: ["Eco", "Pro", "Gold"] })).toBe(0);
    now += DAY;
    expect(await readAgain({ tiers: ["Eco", "Pro", "Gold"] })).toBe(1);
    const other = scimParts();
    await parts.restarted({ url: other.scim.url, fetch: other.scim.fetch }).refresh([], AbortSignal.timeout(5000));
    expect(parts.store.accounts.count()).toBe(0);
    expect(parts.drifts).toEqual([]);
  });
});

test("the first reading after a time with the ledger begins from nothing", async () => {
  const parts = await licensed();
  await applyAll({ ...parts, target: createLedger(parts.store) }, [item(parts.store, 1, "change", "Pro", "Eco")]);
  await parts.refresh();
  expect(tierOf(parts)).toBe("Pro");
  expect(parts.drifts).toEqual([]);
});

describe("an account that is nobody's", () => {
  const found = ({ store }: ScimParts, address: string, userName = address) =>
    store.accounts.unbound([addressKey(address)], new Map([[addressKey(address), addressKey(userName)]]));

  test("is found by user name before e-mail, whatever the case", async () => {
    const parts = scimParts();
    const named = parts.scim.add({ userName: "Ana@X.example", emails: [] });
    parts.scim.add({ userName: "info@x.example", emails: [{ value: "ana@x.example", type: "other" }] });
    await parts.refresh();
    const accounts = found(parts, "ana@x.example");
    expect(accounts).toHaveLength(1);
    expect(parts.store.remote.byRemoteId(named)?.key).toBe(accounts[0]?.key);
    expect(accounts[0]).toMatchObject({ address: "ana@x.example", boundTo: null });
  });

  test("is found by the user name where the mail address is another", async () => {
    const parts = scimParts();
    parts.scim.add({ userName: "p1@x.example", emails: [{ value: "p1@x.example" }] });
    await parts.refresh();
    expect(found(parts, "ana.ng@x.example", "P1@x.example")).toHaveLength(1);
    expect(found(parts, "ana.ng@x.example")).toHaveLength(0);
  });

  test("is given to one only of those whom it fits", async () => {
    const parts = scimParts();
    parts.scim.add({ userName: "a@x.example", emails: [{ value: "b@x.example" }] });
    await parts.refresh();
    const both = parts.store.accounts.unbound(["a@x.example", "b@x.example"]);
    expect(both.map(({ address }) => address)).toEqual(["a@x.example"]);
  });

  test("says whose it is when it bears a stranger's object id, so that nobody adopts it", async () => {
    const parts = scimParts();
    parts.scim.add({ userName: "a@x.example", externalId: personId(77) });
    parts.scim.add({ userName: "b@x.example", externalId: "employee 12" });
    await parts.refresh();
    expect(found(parts, "a@x.example")[0]?.boundTo).toBe(personId(77));
    expect(found(parts, "b@x.example")[0]?.boundTo).toBeNull();
  });
});

describe("a tier that somebody changed by hand", () => {
  test.each([
    ["report", "Eco"],
    ["report", null],
    ["repair", "Eco"],
    ["repair", null],
  ] as const)(
    "with onDrift %s and %p found is told once, and left or open to be changed back",
    async (onDrift, tier) => {
      const parts = await licensed({ onDrift });
      const person = parts.store.people.person(personId(1));
      setByHand(parts, parts.id, tier);
      await parts.refresh();
      expect(parts.drifts).toEqual([]);
      await parts.refresh([], true);
      await parts.refresh([], true);
      expect(parts.drifts).toEqual([{ user: personId(1), expected: "Pro", found: tier, gone: false }]);
      const account = parts.store.people.person(personId(1))?.account;
      expect(account?.tier ?? null).toBe(tier);
      expect(account?.overridden).toEqual(onDrift === "report" ? { tier: "Pro" } : undefined);
      const open = [...parts.store.people.open(0, 100)].flat().map(({ key }) => key);
      expect(open).toContain(person?.key ?? 0);
    },
  );

  test("is forgotten when it is as it was, and when the agent gives another", async () => {
    const parts = await licensed();
    setByHand(parts, parts.id, "Eco");
    await parts.refresh([], true);
    setByHand(parts, parts.id, "Pro");
    await parts.refresh([], true);
    expect(parts.store.people.person(personId(1))?.account?.overridden).toBeUndefined();
    setByHand(parts, parts.id, "Eco");
    await parts.refresh([], true);
    await applyAll(parts, [item(parts.store, 1, "change", "Eco", "Advanced")]);
    expect(parts.store.people.person(personId(1))?.account?.overridden).toBeUndefined();
    expect(parts.drifts).toHaveLength(2);
  });

  test("is nobody's business where the agent does not manage the person", async () => {
    const parts = await licensed();
    decideState(parts.store, 1, "unmanaged");
    setByHand(parts, parts.id, "Eco");
    await parts.refresh([], true);
    expect(parts.drifts).toEqual([]);
    expect(tierOf(parts)).toBe("Eco");
  });

  test("is the agent's own change where its answer was lost", async () => {
    const parts = await licensed();
    parts.scim.recording.loseAnswer = ({ method }) => method === "PATCH";
    const lost = applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]);
    await expect(lost).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    await parts.refresh(parts.store.journal.unsettled(), true);
    expect(parts.drifts).toEqual([]);
    expect(tierOf(parts)).toBe("Eco");
  });

  test("ends what a revoke began when it gives a licence", async () => {
    const parts = await licensed({ onDrift: "repair" });
    await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    decideState(parts.store, 1, "unlicensed");
    setByHand(parts, parts.id, "Pro");
    await parts.refresh([], true);
    expect(parts.drifts).toEqual([{ user: personId(1), expected: null, found: "Pro", gone: false }]);
    expect(parts.store.people.person(personId(1))?.account).toMatchObject({ tier: "Pro", revokedAt: null });
  });
});

describe("an account that the list lacks", () => {
  test("is gone only when the service says so itself", async () => {
    const parts = await licensed();
    const hidden = parts.scim.users.get(parts.id);
    parts.scim.fault = ({ path }) => (path === "/Users" ? Response.json({ totalResults: 0, Resources: [] }) : null);
    await parts.refresh([], true);
    expect(hidden).toBeDefined();
    expect(tierOf(parts)).toBe("Pro");
    parts.scim.fault = () => null;
    parts.scim.users.delete(parts.id);
    await parts.refresh([], true);
    expect(parts.store.people.person(personId(1))?.account).toBeNull();
    expect(parts.drifts).toEqual([{ user: personId(1), expected: "Pro", found: null, gone: true }]);
  });

  test("stays in the copy until its event logs are purged", async () => {
    const parts = await licensed();
    await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    decideState(parts.store, 1, "unlicensed");
    parts.scim.users.delete(parts.id);
    await parts.refresh([], true);
    await applyAll(parts, [item(parts.store, 1, "purge")]);
    expect(parts.views.events("contoso", personId(1), { limit: 9 }).items.map(({ type }) => type)).toEqual(["purged"]);
  });
});

test("a profile moves by itself, without the copy of a bound account following what others write", async () => {
  const parts = await licensed();
  const user = parts.scim.users.get(parts.id);
  if (user !== undefined) user["emails"] = [{ value: "other@x.example", primary: true }];
  await parts.refresh([], true);
  expect(parts.store.people.person(personId(1))?.account?.address).toBe(profileOf(1).address ?? "");
});

test("a probe says what the service can do and how many accounts it has, and changes nothing", async () => {
  const parts = scimParts({ patch: false, etag: "enforced" });
  parts.scim.add({ userName: "u1@x.example" });
  const probe = await probeScim(parts.options, AbortSignal.timeout(5000));
  expect(probe).toEqual({ patch: false, filter: true, etag: true, bulk: false, accounts: 1, missing: [] });
  expect(parts.scim.log.every(({ method }) => method === "GET")).toBe(true);
  expect(parts.store.accounts.count()).toBe(0);
});
