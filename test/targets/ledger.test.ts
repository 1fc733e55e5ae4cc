import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createLedger } from "../../src/targets/ledger.ts";
import { AT, applyAll, item, personId, type TenantPeople, tenantPeople } from "../support/target-people.ts";
import { describeTarget, type TrueAccount } from "./contract.ts";

function setUp() {
  const parts = tenantPeople(12);
  return { ...parts, target: createLedger(parts.store) };
}

function accounts({ database }: TenantPeople): readonly TrueAccount[] {
  return database.all("SELECT id, address, tier FROM account ORDER BY id").map((row) => ({
    id: String(row["id"]),
    address: String(row["address"]),
    tier: row["tier"] as string | null,
  }));
}

describeTarget("the ledger", async () => {
  const parts = setUp();
  return {
    ...parts,
    accounts: () => accounts(parts),
    makeAccount: (address, tier) => {
      parts.database.run(
        "INSERT INTO account (tenant, address, address_key, tier) SELECT id, ?, lower(?), ? FROM tenant",
        address,
        address,
        tier,
      );
    },
  };
});

describe("the ledger", () => {
  test("writes what it did into the account's event log", async () => {
    const parts = setUp();
    await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")]);
    await applyAll(parts, [item(parts.store, 1, "change", "Pro", "Eco")]);
    const { items } = parts.views.events("contoso", personId(1), { limit: 10 });
    expect(items.map(({ type, tier }) => `${type} ${tier}`)).toEqual(["changed Eco", "assigned Pro", "created null"]);
  });

  test("does nothing of a batch whose record cannot be written", async () => {
    const { target, store } = setUp();
    const failing = target.apply(
      [item(store, 1, "create")],
      () => {
        throw new Error("the record failed");
      },
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow("the record failed");
    expect(store.accounts.count()).toBe(0);
  });

  test("purges the event log so that no byte of it is left in the database or its write-ahead log", async () => {
    const parts = setUp();
    const { store } = parts;
    await applyAll(parts, [item(store, 1, "create"), item(store, 1, "assign", null, "TracelessTier")]);
    await applyAll(parts, [item(store, 1, "revoke", "TracelessTier", null)]);
    const bytes = (): string =>
      ["", "-wal"].map((suffix) => readFileSync(parts.file + suffix).toString("latin1")).join("");
    expect(bytes()).toContain("TracelessTier");
    await applyAll(parts, [item(store, 1, "purge")]);
    store.scrub();
    expect(bytes()).not.toContain("TracelessTier");
    expect(store.people.person(personId(1))?.account?.purgedAt).toBe(AT);
  });
});
