/** What every target must keep to. A new target begins with a test file that calls this. */
import { describe, expect, test } from "bun:test";
import type { LicenceTarget } from "../../src/cycle/ports.ts";
import type { TierName } from "../../src/model/tier.ts";
import { AT, applyAll, item, personId, profileOf, type TenantPeople, told } from "../support/target-people.ts";

/** An account as the licence system itself has it. */
export interface TrueAccount {
  /** The system's own key. */
  readonly id: string;
  readonly address: string;
  readonly tier: TierName | null;
}

export interface TargetUnderTest extends TenantPeople {
  readonly target: LicenceTarget;
  /** Accounts in the licence system, read there and not from the copy. */
  accounts(): readonly TrueAccount[];
  /** Makes an account that is nobody's, as if somebody had made it by hand. */
  makeAccount(address: string, tier: TierName | null): void;
}

const signal = (): AbortSignal => AbortSignal.timeout(15_000);

/** `setUp` gives an empty licence system that knows the tiers Eco, Advanced and Pro, and a store with people 1 to 12. */
export function describeTarget(name: string, setUp: () => Promise<TargetUnderTest>): void {
  const begin = async (): Promise<TargetUnderTest> => {
    const parts = await setUp();
    await parts.target.refresh([], signal());
    return parts;
  };
  /** Person 1 with an account and a tier. */
  const licensed = async (tier: TierName): Promise<TargetUnderTest> => {
    const parts = await begin();
    await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, tier)]);
    return parts;
  };
  const own = (parts: TargetUnderTest, number = 1) =>
    parts.accounts().find(({ address }) => address === profileOf(number).address);
  const copyOf = ({ store }: TargetUnderTest, number = 1) => store.people.person(personId(number))?.account ?? null;

  describe(`${name} as a target`, () => {
    test("creates an account once, however often it is told", async () => {
      const parts = await begin();
      expect(told(await applyAll(parts, [item(parts.store, 1, "create")]))).toEqual(["create 1 ok"]);
      expect(told(await applyAll(parts, [item(parts.store, 1, "create")]))).toEqual(["create 1 ok"]);
      expect(parts.accounts()).toHaveLength(1);
      expect(own(parts)).toMatchObject({ address: "p1@contoso.example", tier: null });
      expect(copyOf(parts)).toMatchObject({ tier: null, adopted: false, profile: JSON.stringify(profileOf(1)) });
    });

    test("gives a new account its tier", async () => {
      const parts = await begin();
      const results = await applyAll(parts, [
        item(parts.store, 1, "create"),
        item(parts.store, 1, "assign", null, "Pro"),
      ]);
      expect(told(results)).toEqual(["create 1 ok", "assign 1 ok"]);
      expect(own(parts)?.tier).toBe("Pro");
      expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
    });

    test("changes a tier and nothing else of the account", async () => {
      const parts = await licensed("Pro");
      const before = own(parts);
      expect(told(await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]))).toEqual(["change 1 ok"]);
      expect(own(parts)).toEqual({ ...before, tier: "Eco" } as TrueAccount);
      expect(copyOf(parts)).toMatchObject({ tier: "Eco", revokedAt: null });
    });

    test("takes a change that is done already as done", async () => {
      const parts = await licensed("Pro");
      const change = item(parts.store, 1, "change", "Pro", "Eco");
      await applyAll(parts, [change]);
      expect(told(await applyAll(parts, [change]))).toEqual(["change 1 ok"]);
      expect(own(parts)?.tier).toBe("Eco");
    });

    test("finds an account that is nobody's by its address, and takes it over with what it holds", async () => {
      const parts = await setUp();
      parts.makeAccount("P1@Contoso.example", "Eco");
      await parts.target.refresh([], signal());
      const [found] = parts.store.accounts.unbound(["p1@contoso.example"]);
      expect(found).toMatchObject({ boundTo: null, tier: "Eco", profile: null });
      const adopt = item(parts.store, 1, "adopt", "Eco", "Eco", { account: found?.key ?? 0 });
      const update = { ...item(parts.store, 1, "update", "Eco", "Eco"), accountKey: found?.key ?? null };
      expect(told(await applyAll(parts, [adopt, update]))).toEqual(["adopt 1 ok", "update 1 ok"]);
      expect(parts.accounts()).toHaveLength(1);
      expect(own(parts)?.tier).toBe("Eco");
      expect(copyOf(parts)).toMatchObject({ key: found?.key, boundTo: personId(1), adopted: true });
      expect(parts.store.accounts.unbound(["p1@contoso.example"])).toEqual([]);
    });

    test("moves an account to another address without making another", async () => {
      const parts = await licensed("Pro");
      const before = own(parts);
      const profile = profileOf(1, { userName: "new@contoso.example", address: "new@contoso.example" });
      expect(told(await applyAll(parts, [item(parts.store, 1, "update", "Pro", "Pro", { profile })]))).toEqual([
        "update 1 ok",
      ]);
      expect(parts.accounts()).toEqual([{ ...before, address: "new@contoso.example" } as TrueAccount]);
      expect(copyOf(parts)).toMatchObject({ address: "new@contoso.example", profile: JSON.stringify(profile) });
    });

    test("lets an address be taken in the batch in which it is left", async () => {
      const parts = await licensed("Pro");
      const moved = profileOf(1, { userName: "new@contoso.example", address: "new@contoso.example" });
      const results = await applyAll(parts, [
        item(parts.store, 1, "update", "Pro", "Pro", { profile: moved }),
        item(parts.store, 2, "create", null, null, { profile: profileOf(1) }),
      ]);
      expect(told(results)).toEqual(["update 1 ok", "create 2 ok"]);
      expect(
        parts
          .accounts()
          .map(({ address }) => address)
          .sort(),
      ).toEqual(["new@contoso.example", "p1@contoso.example"]);
    });

    test("takes the licence and leaves the account", async () => {
      const parts = await licensed("Pro");
      expect(told(await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]))).toEqual(["revoke 1 ok"]);
      expect(own(parts)).toMatchObject({ tier: null });
      expect(copyOf(parts)).toMatchObject({ tier: null, revokedAt: AT, purgedAt: null });
      expect(parts.store.accounts.usage().size).toBe(0);
    });

    test("gives a licence back to whom it was taken from", async () => {
      const parts = await licensed("Pro");
      await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
      await applyAll(parts, [item(parts.store, 1, "assign", null, "Eco")]);
      expect(own(parts)?.tier).toBe("Eco");
      expect(copyOf(parts)).toMatchObject({ tier: "Eco", revokedAt: null });
    });

    test("purges the event log, with the revoke where that is asked for", async () => {
      const parts = await licensed("Pro");
      const results = await applyAll(parts, [
        item(parts.store, 1, "revoke", "Pro", null),
        item(parts.store, 1, "purge"),
      ]);
      expect(told(results)).toEqual(["revoke 1 ok", "purge 1 ok"]);
      const { items } = parts.views.events("contoso", personId(1), { limit: 10 });
      expect(items.map(({ type }) => type)).toEqual(["purged"]);
      expect(own(parts)?.tier ?? null).toBeNull();
      const copy = copyOf(parts);
      if (copy !== null) expect(copy).toMatchObject({ tier: null, purgedAt: AT });
    });

    test("gives a licence again after a purge", async () => {
      const parts = await licensed("Pro");
      await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null), item(parts.store, 1, "purge")]);
      const back = [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")];
      const results = await applyAll(parts, copyOf(parts) === null ? back : back.slice(1));
      expect(results.every(({ ok }) => ok)).toBe(true);
      expect(own(parts)?.tier).toBe("Pro");
    });

    test("refuses what has no account, for that person only, and leaves out what follows", async () => {
      const parts = await begin();
      const results = await applyAll(parts, [
        item(parts.store, 1, "change", "Pro", "Eco"),
        item(parts.store, 2, "create"),
        item(parts.store, 1, "update", "Pro", "Pro"),
      ]);
      expect(told(results).sort()).toEqual(["change 1 ERR_TARGET_REFUSED", "create 2 ok"]);
    });

    test("lets two people exchange their tiers", async () => {
      const parts = await licensed("Pro");
      await applyAll(parts, [item(parts.store, 2, "create"), item(parts.store, 2, "assign", null, "Eco")]);
      const results = await applyAll(parts, [
        item(parts.store, 1, "change", "Pro", "Eco", { swap: 1 }),
        item(parts.store, 2, "change", "Eco", "Pro", { swap: 1 }),
      ]);
      expect(told(results)).toEqual(["change 1 ok", "change 2 ok"]);
      expect([own(parts, 1)?.tier, own(parts, 2)?.tier]).toEqual(["Eco", "Pro"]);
    });

    test("has nothing to do for who waits and who is released", async () => {
      const parts = await licensed("Pro");
      const before = parts.accounts();
      const results = await applyAll(parts, [
        item(parts.store, 1, "release", "Pro", "Pro"),
        item(parts.store, 2, "wait", null, "Pro"),
      ]);
      expect(told(results)).toEqual(["release 1 ok", "wait 2 ok"]);
      expect(parts.accounts()).toEqual(before);
    });

    test("settles each action of many people once, and its copy is what the system has", async () => {
      const parts = await begin();
      const people = Array.from({ length: 12 }, (_, index) => index + 1);
      const tiers = ["Eco", "Advanced", "Pro"];
      const results = await applyAll(
        parts,
        people.flatMap((number) => [
          item(parts.store, number, "create"),
          item(parts.store, number, "assign", null, tiers[number % 3] ?? "Eco"),
        ]),
      );
      expect(told(results).sort()).toEqual(
        people.flatMap((number) => [`create ${number} ok`, `assign ${number} ok`]).sort(),
      );
      expect(parts.accounts()).toHaveLength(12);
      for (const number of people) expect(copyOf(parts, number)?.tier).toBe(own(parts, number)?.tier ?? null);
      const before = parts.target.requests();
      await parts.target.refresh([], signal());
      expect(parts.target.requests()).toBe(before);
      await parts.target.refresh([], signal(), true);
      expect([...parts.store.accounts.usage()].sort()).toEqual([
        ["Advanced", 4],
        ["Eco", 4],
        ["Pro", 4],
      ]);
    });
  });
}
