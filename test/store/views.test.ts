import { describe, expect, test } from "bun:test";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { createStoreViews, type StoreViews } from "../../src/store/views.ts";

const ID = "0000000A-AbCd-4000-8000-00000000000F";

/** Views of people who were read and decided, by object id. */
function viewsOf(names: Readonly<Record<string, string>>): StoreViews {
  const database = openDatabase(":memory:");
  const { people } = openTenantStore(database, "contoso", "d1");
  const mirror = people.mirror(["id", "displayName"]);
  mirror.restage();
  const users = Object.entries(names).map(([id, displayName]) => ({ id, properties: { displayName } }));
  mirror.stagePage(
    "g",
    users.map((user) => ({ kind: "user", user })),
    "{}",
  );
  mirror.publishFull({
    groups: [{ id: "g", displayName: "Parent", visibility: null, role: "parent" }],
    deleted: [],
    cursor: { value: "c" },
  });
  const decision = { state: "skipped", reason: "no address", since: 0 } as const;
  const nothing = { queue: null, clearSince: null, purgeAt: null, wanted: null, rule: null };
  people.decide(
    users.map(({ id, properties: { displayName } }) => {
      const shown = { address: null, displayName, groups: [], failure: null };
      return { person: people.person(id)?.key ?? 0, decision: { ...decision, ...nothing }, ...shown };
    }),
  );
  return createStoreViews(database);
}

test("a person is found by the object id in any spelling", () => {
  const views = viewsOf({ [ID]: "Ana" });
  for (const spelling of [ID, ID.toLowerCase(), ID.toUpperCase()]) {
    expect(views.find(spelling).map(({ id }) => id)).toEqual([ID]);
    expect(views.people({ q: spelling, limit: 10 }).items.map(({ id }) => id)).toEqual([ID]);
  }
});

describe("people are searched by a part of the name", () => {
  const found = (displayName: string, q: string): boolean =>
    viewsOf({ [ID]: displayName, other: "Somebody Else" }).people({ q, limit: 10 }).items.length === 1;

  test.each([
    ["Jürgen Müller", "MÜLLER"],
    ["JÜRGEN MÜLLER", "müller"],
    ["Hélène", "hE\u0301L"],
    ["He\u0301le\u0300ne", "HÉLÈ"],
    ["Ольга Иванова", "ИВАНОВА"],
    ["ΠΑΠΑΔΟΠΟΥΛΟΣ", "παπαδοπουλος"],
    ["Νίκος", "ΊΚΟΣ"],
    ["Weiß", "WEIẞ"],
    ["Ɓukar", "ɓuk"],
    ["𐐀 Deseret", "𐐨 d"],
    ["100% [new] *ok* a-b^c", "% [NEW] *OK* A-B^C"],
    ["Why? Really_", "y? r"],
    ["back\\slash ]", "K\\S"],
  ])("%p by %p", (displayName, q) => {
    expect(found(displayName, q)).toBe(true);
  });

  test.each([
    ["Ana", "*"],
    ["Ana", "A?a"],
    ["Ana", "[A]na"],
    ["Ana", "A%"],
    ["Ana", "_na"],
    ["Muller", "müller"],
  ])("but %p not by %p", (displayName, q) => {
    expect(found(displayName, q)).toBe(false);
  });

  test("page by page", () => {
    const views = viewsOf({ a: "Müller A", b: "Else", c: "MÜLLER C", d: "müller d" });
    const first = views.people({ q: "mÜller", limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(["a", "c"]);
    const second = views.people({ q: "mÜller", limit: 2, after: first.next ?? "" });
    expect(second).toMatchObject({ items: [{ id: "d" }], next: null });
  });
});
