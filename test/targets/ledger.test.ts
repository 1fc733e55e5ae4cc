import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApplyItem, ApplyResult } from "../../src/cycle/ports.ts";
import type { TenantStore } from "../../src/cycle/store-ports.ts";
import type { Action, ActionKind } from "../../src/model/action.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { createStoreViews } from "../../src/store/views.ts";
import { createLedger } from "../../src/targets/ledger.ts";
import { tempFolder } from "../support/temp-folder.ts";

const profile = {
  userName: "ana@contoso.example",
  address: "ana@contoso.example",
  displayName: "Ana",
  givenName: "Ana",
  surname: "Ng",
  language: null,
  timeZone: null,
};

function setUp() {
  const file = join(tempFolder(), "data", "tiersync.db");
  const database = openDatabase(file);
  const store = openTenantStore(database, "contoso", "d1");
  const mirror = store.people.mirror(["id", "displayName"]);
  mirror.stagePage("g", [{ kind: "user", user: { id: "u1", properties: { displayName: "Ana" } } }], "{}");
  mirror.publishFull({
    groups: [{ id: "g", displayName: "Pro", visibility: null, role: "member" }],
    deleted: [],
    cursor: null,
  });
  return { file, database, store, ledger: createLedger(store), views: createStoreViews(database) };
}

function item(store: TenantStore, kind: ActionKind, from: string | null, to: string | null): ApplyItem {
  const person = store.people.person("u1")?.key ?? 0;
  const action: Action = { kind, user: "u1", person, address: "ana@contoso.example", from, to, reason: "rule pro" };
  return { action, accountKey: null, profile, at: Date.UTC(2026, 0, 1) };
}

async function apply(parts: ReturnType<typeof setUp>, items: readonly ApplyItem[]): Promise<readonly ApplyResult[]> {
  const cycle = parts.store.journal.begin({ trigger: "cli", kind: "incremental" });
  let all: readonly ApplyResult[] = [];
  await parts.ledger.apply(
    items,
    (results) => {
      all = results;
      cycle.record(
        results.map((result) => ({
          action: result.item.action,
          failure: null,
          approved: false,
          decided: null,
          at: result.item.at,
        })),
      );
    },
    new AbortController().signal,
  );
  return all;
}

describe("the ledger", () => {
  test("creates an account once, however often it is told", async () => {
    const parts = setUp();
    await apply(parts, [item(parts.store, "create", null, null), item(parts.store, "assign", null, "Pro")]);
    await apply(parts, [item(parts.store, "create", null, null)]);
    expect(parts.store.accounts.count()).toBe(1);
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 1]]);
  });

  test("changes a tier without touching the account or its events", async () => {
    const parts = setUp();
    await apply(parts, [item(parts.store, "create", null, null), item(parts.store, "assign", null, "Pro")]);
    const before = parts.store.people.person("u1")?.account?.key;
    await apply(parts, [item(parts.store, "change", "Pro", "Eco")]);
    expect(parts.store.people.person("u1")?.account).toMatchObject({ key: before, tier: "Eco", revokedAt: null });
    const { items } = parts.views.events("contoso", "u1", { limit: 10 });
    expect(items.map(({ type, tier }) => `${type} ${tier}`)).toEqual(["changed Eco", "assigned Pro", "created null"]);
  });

  test("does nothing of a batch whose record cannot be written", async () => {
    const parts = setUp();
    const failing = parts.ledger.apply(
      [item(parts.store, "create", null, null)],
      () => {
        throw new Error("the record failed");
      },
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow("the record failed");
    expect(parts.store.accounts.count()).toBe(0);
  });

  test("refuses what has no account, for that person only", async () => {
    const parts = setUp();
    const results = await apply(parts, [
      item(parts.store, "change", "Pro", "Eco"),
      item(parts.store, "update", "Pro", "Pro"),
    ]);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ ok: false, code: "ERR_TARGET_REFUSED" });
  });

  test("purges the event log so that no byte of it is left in the database or its write-ahead log", async () => {
    const parts = setUp();
    await apply(parts, [item(parts.store, "create", null, null), item(parts.store, "assign", null, "TracelessTier")]);
    await apply(parts, [item(parts.store, "revoke", "TracelessTier", null)]);
    const bytes = (): string =>
      ["", "-wal"].map((suffix) => readFileSync(parts.file + suffix).toString("latin1")).join("");
    expect(bytes()).toContain("TracelessTier");
    await apply(parts, [item(parts.store, "purge", null, null)]);
    parts.store.scrub();
    expect(bytes()).not.toContain("TracelessTier");
    expect(parts.views.events("contoso", "u1", { limit: 10 }).items.map(({ type }) => type)).toEqual(["purged"]);
    expect(parts.store.people.person("u1")?.account?.purgedAt).toBe(Date.UTC(2026, 0, 1));
  });
});
