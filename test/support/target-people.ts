/** A tenant's store with people in it, and actions for them, for tests of targets. */
import { join } from "node:path";
import type { ApplyItem, ApplyResult, LicenceTarget } from "../../src/cycle/ports.ts";
import type { TenantStore } from "../../src/cycle/store-ports.ts";
import type { Action, ActionKind } from "../../src/model/action.ts";
import type { ObjectId, Profile } from "../../src/model/directory.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { createStoreViews, type StoreViews } from "../../src/store/views.ts";
import { tempFolder } from "./temp-folder.ts";

export const AT = Date.UTC(2026, 0, 1);

/** Object id of the person of that number. */
export function personId(number: number): ObjectId {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export function profileOf(number: number, more: Partial<Profile> = {}): Profile {
  return {
    userName: `p${number}@contoso.example`,
    address: `p${number}@contoso.example`,
    displayName: `Person ${number}`,
    givenName: "Person",
    surname: `No ${number}`,
    language: null,
    timeZone: null,
    ...more,
  };
}

export interface TenantPeople {
  /** Of the database. */
  readonly file: string;
  readonly database: Database;
  readonly store: TenantStore;
  readonly views: StoreViews;
}

/** A store that has mirrored people 1 to `count`. */
export function tenantPeople(count: number): TenantPeople {
  const file = join(tempFolder(), "data", "tiersync.db");
  const database = openDatabase(file);
  const store = openTenantStore(database, "contoso", "d1");
  const mirror = store.people.mirror(["id", "displayName"]);
  const members = Array.from({ length: count }, (_, index) => ({
    kind: "user" as const,
    user: { id: personId(index + 1), properties: { displayName: `Person ${index + 1}` } },
  }));
  mirror.stagePage("g", members, "{}");
  mirror.publishFull({
    groups: [{ id: "g", displayName: "Pro", visibility: null, role: "member" }],
    deleted: [],
    cursor: null,
  });
  return { file, database, store, views: createStoreViews(database) };
}

export interface ActionOptions extends Partial<Pick<Action, "swap" | "account" | "address">> {
  readonly profile?: Profile | null;
}

export function item(
  store: TenantStore,
  number: number,
  kind: ActionKind,
  from: string | null = null,
  to: string | null = null,
  { profile = profileOf(number), ...more }: ActionOptions = {},
): ApplyItem {
  const user = personId(number);
  const person = store.people.person(user)?.key ?? 0;
  const address = more.address ?? profile?.address ?? null;
  const action: Action = { kind, user, person, from, to, reason: "rule pro", ...more, address };
  return { action, accountKey: store.accounts.of(person)?.key ?? more.account ?? null, profile, at: AT };
}

/** Applies a batch and records it as a cycle does; gives back what was settled, in order. */
export async function applyAll(
  { store, target }: { readonly store: TenantStore; readonly target: LicenceTarget },
  items: readonly ApplyItem[],
  signal: AbortSignal = AbortSignal.timeout(15_000),
): Promise<readonly ApplyResult[]> {
  const cycle = store.journal.begin({ trigger: "cli", kind: "incremental" });
  if (!target.transactional)
    store.journal.intend(
      items.map(({ action }) => action),
      cycle.id,
    );
  const all: ApplyResult[] = [];
  const settle = (results: readonly ApplyResult[]): void => {
    all.push(...results);
    const failureOf = (result: ApplyResult) =>
      result.ok ? null : { code: result.code, message: result.message, attempts: 1, nextTryAt: 0 };
    const settled = results.map((result) => {
      const { action, at } = result.item;
      const unsure = !result.ok && result.unsure === true;
      return { action, failure: failureOf(result), approved: false, decided: null, at, unsure };
    });
    cycle.record(settled);
  };
  await target.apply(items, settle, signal);
  return all;
}

/** Results as short lines: `create 1 ok`, `change 2 ERR_TARGET_REFUSED`. */
export function told(results: readonly ApplyResult[]): string[] {
  return results.map((result) => {
    const { kind, user } = result.item.action;
    return `${kind} ${Number(user.slice(-12))} ${result.ok ? "ok" : result.code}`;
  });
}

/** A decision as a cycle leaves it, so that the agent answers for the person's tier. */
export function decideState(store: TenantStore, number: number, state: "licensed" | "unlicensed" | "unmanaged"): void {
  const person = store.people.person(personId(number))?.key ?? 0;
  const decision = {
    ...{ state, reason: "rule pro", since: AT, queue: null, clearSince: null, purgeAt: null },
    ...{ wanted: null, rule: null },
  };
  store.people.decide([{ person, decision, address: null, groups: [], failure: null }]);
}
