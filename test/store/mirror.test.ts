import { describe, expect, test } from "bun:test";
import type { DirectoryMember, MirrorWriter } from "../../src/cycle/ports.ts";
import type { PeopleStore } from "../../src/cycle/store-ports.ts";
import type { ScopedGroup } from "../../src/model/directory.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";

const PROPERTIES = ["id", "displayName", "mail"];
const parent: ScopedGroup = {
  id: "g-parent",
  displayName: "SecureExchanges_Licences",
  visibility: null,
  role: "parent",
};
const pro: ScopedGroup = { id: "g-pro", displayName: "Pro", visibility: null, role: "member" };
const eco: ScopedGroup = { id: "g-eco", displayName: "Eco", visibility: null, role: "member" };
const sales: ScopedGroup = { id: "g-sales", displayName: "Sales", visibility: null, role: "nested" };

function setUp(): { people: PeopleStore; mirror: MirrorWriter } {
  const store = openTenantStore(openDatabase(":memory:"), "contoso", "d1");
  return { people: store.people, mirror: store.people.mirror(PROPERTIES) };
}

function user(
  id: string,
  displayName: string | null = id,
  mail: string | null = `${id}@contoso.example`,
): DirectoryMember {
  return { kind: "user", user: { id, properties: { displayName, mail } } };
}

function group(scoped: ScopedGroup): DirectoryMember {
  return { kind: "group", group: scoped };
}

function readFully(
  mirror: MirrorWriter,
  pages: Record<string, DirectoryMember[]>,
  groups: ScopedGroup[],
  deleted: string[] = [],
): void {
  mirror.restage();
  for (const [id, members] of Object.entries(pages)) mirror.stagePage(id, members, "{}");
  mirror.publishFull({ groups, deleted, cursor: { value: "c1" } });
}

/** Whose inputs changed since they were last decided, with the groups they are in. */
function openPeople(people: PeopleStore): Record<string, string[]> {
  const graph = people.groupGraph();
  const open: Record<string, string[]> = {};
  for (const chunk of people.open(0, 2)) {
    for (const person of chunk) open[person.id] = [...graph.closure(person.direct)].sort();
  }
  return open;
}

function settle(people: PeopleStore): void {
  people.settled({ fingerprint: "f", at: 0 });
}

describe("the mirror", () => {
  test("shows nothing of a full read before it is published", () => {
    const { people, mirror } = setUp();
    mirror.stagePage("g-pro", [user("u1")], "half");
    expect(mirror.progress).toBe("half");
    expect(mirror.groups()).toEqual([]);
    expect(openPeople(people)).toEqual({});
  });

  test("makes everybody open after the first full read, nested groups included", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-parent": [group(pro)], "g-pro": [user("u1"), group(sales)], "g-sales": [user("u2")] }, [
      parent,
      pro,
      sales,
    ]);
    expect(openPeople(people)).toEqual({ u1: ["g-parent", "g-pro"], u2: ["g-parent", "g-pro", "g-sales"] });
    expect(mirror.cursor).toEqual({ value: "c1" });
    expect(mirror.progress).toBeNull();
    settle(people);
    expect(openPeople(people)).toEqual({});
  });

  test("opens only whose properties or memberships changed in a later full read", () => {
    const { people, mirror } = setUp();
    const groups = [parent, pro, eco];
    readFully(
      mirror,
      { "g-parent": [group(pro), group(eco)], "g-pro": [user("u1"), user("u2"), user("u3")], "g-eco": [user("u4")] },
      groups,
    );
    settle(people);
    readFully(
      mirror,
      {
        "g-parent": [group(pro), group(eco)],
        "g-pro": [user("u1"), user("u2", "Renamed")],
        "g-eco": [user("u3"), user("u4"), user("u5")],
      },
      groups,
    );
    expect(openPeople(people)).toEqual({
      u2: ["g-parent", "g-pro"],
      u3: ["g-eco", "g-parent"],
      u5: ["g-eco", "g-parent"],
    });
  });

  test("opens everybody when nesting changed", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-parent": [group(pro)], "g-pro": [user("u1"), group(sales)], "g-sales": [user("u2")] }, [
      parent,
      pro,
      sales,
    ]);
    settle(people);
    readFully(mirror, { "g-parent": [group(pro)], "g-pro": [user("u1")], "g-sales": [user("u2")] }, [
      parent,
      pro,
      sales,
    ]);
    expect(openPeople(people)).toEqual({ u1: ["g-parent", "g-pro"], u2: ["g-sales"] });
  });

  test("tells who vanished, and keeps the memberships of those who are deleted but not of those who left", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-pro": [user("u1"), user("u2"), user("u3")] }, [pro]);
    settle(people);
    mirror.restage();
    mirror.stagePage("g-pro", [user("u3")], "{}");
    expect([...mirror.vanished()].sort()).toEqual(["u1", "u2"]);
    mirror.publishFull({ groups: [pro], deleted: ["u1"], cursor: null });
    expect(openPeople(people)).toEqual({ u1: ["g-pro"], u2: [] });
    expect(people.person("u1")?.presence).toBe("deleted");
  });

  test("applies changes as set operations that can be repeated without opening anybody again", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-pro": [user("u1")], "g-eco": [] }, [pro, eco]);
    settle(people);
    const changes = {
      groups: null,
      added: [{ group: "g-eco", member: "u2", kind: "user" as const }],
      removed: [{ group: "g-pro", member: "u1" }],
      relisted: [],
      users: [
        { id: "u2", properties: { displayName: "Two", mail: "two@contoso.example" } },
        { id: "stranger", properties: { displayName: "Nobody here" } },
      ],
      deleted: [],
      restored: [],
      cursor: { value: "c2" },
    };
    mirror.publishChanges(changes);
    expect(openPeople(people)).toEqual({ u1: [], u2: ["g-eco"] });
    expect(mirror.cursor).toEqual({ value: "c2" });
    expect([...mirror.known(["u1", "u2", "stranger"])]).toEqual(["u2"]);
    settle(people);
    mirror.publishChanges(changes);
    expect(openPeople(people)).toEqual({});
  });

  test("merges changed properties over known ones and takes what an answer leaves out as null only in a listing", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-pro": [user("u1", "One", "one@contoso.example")] }, [pro]);
    settle(people);
    mirror.publishChanges({
      groups: null,
      added: [],
      removed: [],
      relisted: [],
      users: [{ id: "u1", properties: { displayName: "Uno" } }],
      deleted: [],
      restored: [],
      cursor: { value: "c2" },
    });
    expect(people.person("u1")?.properties).toEqual({
      displayName: "Uno",
      mail: "one@contoso.example",
    });
  });

  test("deletes and restores without touching memberships", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-pro": [user("u1")] }, [pro]);
    settle(people);
    const nothing = { groups: null, added: [], removed: [], relisted: [], users: [], cursor: { value: "c" } };
    mirror.publishChanges({ ...nothing, deleted: ["u1"], restored: [] });
    expect(people.person("u1")?.presence).toBe("deleted");
    mirror.publishChanges({ ...nothing, deleted: [], restored: ["u1"] });
    expect(people.person("u1")?.presence).toBe("present");
    expect(openPeople(people)).toEqual({ u1: ["g-pro"] });
  });

  test("drops the memberships of a group that left the scope", () => {
    const { people, mirror } = setUp();
    readFully(mirror, { "g-pro": [user("u1")], "g-eco": [user("u1"), user("u2")] }, [pro, eco]);
    settle(people);
    mirror.publishChanges({
      groups: [eco],
      added: [],
      removed: [],
      relisted: [],
      users: [],
      deleted: [],
      restored: [],
      cursor: { value: "c" },
    });
    expect(openPeople(people)).toEqual({ u1: ["g-eco"], u2: ["g-eco"] });
    expect(mirror.groups().map(({ id }) => id)).toEqual(["g-eco"]);
  });
});
