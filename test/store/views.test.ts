import { expect, test } from "bun:test";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { createStoreViews } from "../../src/store/views.ts";

const ID = "0000000A-AbCd-4000-8000-00000000000F";

test("a person is found by the object id in any spelling", () => {
  const database = openDatabase(":memory:");
  const { people } = openTenantStore(database, "contoso", "d1");
  const mirror = people.mirror(["id", "displayName"]);
  mirror.restage();
  mirror.stagePage("g", [{ kind: "user", user: { id: ID, properties: { displayName: "Ana" } } }], "{}");
  mirror.publishFull({
    groups: [{ id: "g", displayName: "Parent", visibility: null, role: "parent" }],
    deleted: [],
    cursor: { value: "c" },
  });
  const person = people.person(ID)?.key ?? 0;
  const decision = { state: "skipped", reason: "no address", since: 0 } as const;
  const nothing = { queue: null, clearSince: null, purgeAt: null, wanted: null, rule: null };
  const shown = { address: null, displayName: "Ana", groups: [], failure: null };
  people.decide([{ person, decision: { ...decision, ...nothing }, ...shown }]);
  const views = createStoreViews(database);
  for (const spelling of [ID, ID.toLowerCase(), ID.toUpperCase()]) {
    expect(views.find(spelling).map(({ id }) => id)).toEqual([ID]);
    expect(views.people({ q: spelling, limit: 10 }).items.map(({ id }) => id)).toEqual([ID]);
  }
});
