import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DirectoryMember, MirrorWriter } from "../../src/cycle/ports.ts";
import type { StoredPerson, TenantStore } from "../../src/cycle/store-ports.ts";
import type { ScopedGroup } from "../../src/model/directory.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";

const GROUPS = ["Eco", "Pro", "Team"].map(
  (name): ScopedGroup => ({ id: `g-${name}`, displayName: name, visibility: null, role: "member" }),
);
const PROPERTIES = ["id", "displayName", "mail"];
const NOTHING = { groups: null, added: [], removed: [], relisted: [], users: [], deleted: [], restored: [] };

interface Page {
  readonly group: number;
  readonly people: readonly { readonly number: number; readonly name: string }[];
}

function open(database: Database): TenantStore {
  return openTenantStore(database, "contoso", "d1");
}

function members({ people }: Page): DirectoryMember[] {
  return people.map(({ number, name }) => ({
    kind: "user",
    user: { id: `u${number}`, properties: { displayName: name } },
  }));
}

function read(mirror: MirrorWriter, pages: readonly Page[]): void {
  for (const page of pages) mirror.stagePage(GROUPS[page.group]?.id ?? "", members(page), "{}");
}

function firstRead(store: TenantStore, pages: readonly Page[]): MirrorWriter {
  const mirror = store.people.mirror(PROPERTIES);
  mirror.restage();
  read(mirror, pages);
  expect(mirror.vanished()).toEqual([]);
  mirror.publishFull({ groups: GROUPS, deleted: [], cursor: { value: "1" } });
  return mirror;
}

function plain(people: Iterable<readonly StoredPerson[]>): unknown[] {
  return [...people].flat().map(({ key, id, properties, presence, mailbox, direct, account, previous }) => ({
    ...{ key, id, properties, presence, mailbox, direct, account, previous },
  }));
}

/** What another process would find in the same database. */
function inDatabase(database: Database): unknown[] {
  return plain(open(database).people.open(0, 2));
}

const page: fc.Arbitrary<Page> = fc.record({
  group: fc.nat(GROUPS.length - 1),
  people: fc.uniqueArray(fc.record({ number: fc.nat(12), name: fc.string() }), {
    selector: ({ number }) => number,
    maxLength: 8,
  }),
});
const ANA: Page = { group: 0, people: [{ number: 1, name: "Ana" }] };

describe("a first read", () => {
  test("hands over exactly the people that it has written, each once", () => {
    fc.assert(
      fc.property(fc.array(page), fc.array(page), fc.integer({ min: 1, max: 5 }), (given, pages, chunk) => {
        const database = openDatabase(":memory:");
        const store = open(database);
        // One that was begun and given up leaves people of whom nothing shows.
        const cut = store.people.mirror(PROPERTIES);
        cut.restage();
        read(cut, given);
        cut.keepStaged();
        firstRead(store, pages);
        const before = plain(store.people.open(0, chunk)).sort(byKey);
        const listed = new Set(pages.flatMap(({ people }) => people.map(({ number }) => `u${number}`)));
        expect(before.filter(isSomewhere)).toEqual(inDatabase(database).filter(isSomewhere).sort(byKey));
        expect(before.filter(isSomewhere)).toHaveLength(listed.size);
        database.close();
      }),
    );
  });

  test("hands them over once: afterwards the database is asked", () => {
    const database = openDatabase(":memory:");
    const store = open(database);
    firstRead(store, [ANA]);
    expect(plain(store.people.open(0, 10))).toHaveLength(1);
    database.run("UPDATE person SET deleted=1");
    expect(plain(store.people.open(0, 10))).toMatchObject([{ id: "u1", presence: "deleted" }]);
  });

  const meanwhile: Record<string, (database: Database, store: TenantStore, mirror: MirrorWriter) => void> = {
    "changes were read": (_, __, mirror) => {
      const users = [{ id: "u1", properties: { displayName: "Ana Maria" } }];
      mirror.publishChanges({ ...NOTHING, users, cursor: { value: "2" } });
    },
    "an account was found that is theirs": (_, store) => {
      const person = store.people.person("u1")?.key ?? 0;
      store.accounts.create({ person, address: "ana@x.example", profile: "{}", remoteId: "r1", at: 0 });
    },
    "a transaction was rolled back": (database) => {
      const fail = (): never => {
        throw new Error("no");
      };
      expect(() => database.transaction(fail)).toThrow("no");
    },
    "the next cycle began": (_, store) => void store.people.mirror(PROPERTIES),
  };

  test.each(Object.keys(meanwhile))("does not hand them over when %s", (what) => {
    const database = openDatabase(":memory:");
    const store = open(database);
    const mirror = firstRead(store, [ANA]);
    meanwhile[what]?.(database, store, mirror);
    database.run("UPDATE person SET deleted=1");
    expect(plain(store.people.open(0, 10))).toMatchObject([{ id: "u1", presence: "deleted" }]);
  });

  test("that was cut goes on with what was kept, also in another process", () => {
    const database = openDatabase(":memory:");
    const begun = open(database).people.mirror(PROPERTIES);
    begun.restage();
    read(begun, [ANA]);
    const waiting = open(database).people.mirror(PROPERTIES);
    expect(waiting.progress).toBeNull();
    begun.keepStaged();
    expect(waiting.progress).toBe("{}");

    const store = open(database);
    const resumed = store.people.mirror(PROPERTIES);
    read(resumed, [
      { group: 1, people: [{ number: 2, name: "Ben" }] },
      { ...ANA, group: 2 },
    ]);
    expect(resumed.vanished()).toEqual([]);
    resumed.publishFull({ groups: GROUPS, deleted: [], cursor: { value: "1" } });
    const graph = store.people.groupGraph();
    const found = [...store.people.open(0, 10)].flat();
    expect(found.map(({ id, direct }) => [id, ...graph.direct(direct)])).toEqual([
      ["u1", "g-Eco", "g-Team"],
      ["u2", "g-Pro"],
    ]);
    expect(store.people.mirror(PROPERTIES).progress).toBeNull();
  });
});

function byKey(left: unknown, right: unknown): number {
  return (left as { key: number }).key - (right as { key: number }).key;
}

function isSomewhere(person: unknown): boolean {
  return (person as { direct: string }).direct !== "";
}
