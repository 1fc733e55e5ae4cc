import { describe, expect, test } from "bun:test";
import type { TenantStore } from "../../src/cycle/store-ports.ts";
import { BASE_PROPERTIES } from "../../src/model/directory.ts";
import type { HoldProposal } from "../../src/plan/types.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";

const GROUP = { id: "g1", displayName: "Pro", visibility: null, role: "member" } as const;
const NOTHING = { groups: null, added: [], removed: [], relisted: [], users: [], deleted: [], restored: [] };

/** One of each of the two people, to be held. */
function revokes({ people }: TenantStore): HoldProposal {
  const actions = ["ana", "ben"].map((id) => ({
    ...({ kind: "revoke", user: id, address: null, from: "Pro", to: null, reason: "" } as const),
    person: people.person(id)?.key ?? 0,
  }));
  return { guard: "revoke", reason: "", actions };
}

/** Two people in a group; an approved revoke for each. */
function approved() {
  const store = openTenantStore(openDatabase(":memory:"), "contoso", "t");
  const mirror = store.people.mirror(BASE_PROPERTIES, ["accountEnabled"]);
  const user = (id: string, displayName = id, accountEnabled = true) => ({
    id,
    properties: { displayName, accountEnabled },
  });
  mirror.restage();
  const members = ["ana", "ben"].map((id) => ({ kind: "user", user: user(id) }) as const);
  mirror.stagePage(GROUP.id, members, "{}");
  mirror.publishFull({ groups: [GROUP], deleted: [], cursor: { value: "1" } });
  store.people.settled({ fingerprint: "f", at: 0 });
  const { formed } = store.holds.reconcile([revokes(store)], 1000);
  for (const { id } of formed) store.holds.approve(id, null, 2000);
  const left = (): string[] => store.holds.approved(2000).map(({ user: id }) => id);
  return { store, mirror, user, left };
}

describe("an approval", () => {
  test("ends with a change of the person it is for, and of nobody else", () => {
    const { mirror, user, left } = approved();
    mirror.publishChanges({ ...NOTHING, users: [user("ana", "ana", false)], cursor: { value: "2" } });
    expect(left()).toEqual(["ben"]);
  });

  test("ends when the person leaves the group, is deleted, or was changed by the time everything is read again", () => {
    const changes: ((made: ReturnType<typeof approved>) => void)[] = [
      ({ mirror }) =>
        mirror.publishChanges({ ...NOTHING, removed: [{ group: GROUP.id, member: "ana" }], cursor: { value: "2" } }),
      ({ mirror }) => mirror.publishChanges({ ...NOTHING, deleted: ["ana"], cursor: { value: "2" } }),
      ({ mirror, user }) => {
        mirror.restage();
        const members = [user("ana", "ana", false), user("ben")].map((one) => ({ kind: "user", user: one }) as const);
        mirror.stagePage(GROUP.id, members, "{}");
        mirror.publishFull({ groups: [GROUP], deleted: [], cursor: { value: "2" } });
      },
    ];
    for (const change of changes) {
      const made = approved();
      change(made);
      expect(made.left()).toEqual(["ben"]);
    }
  });

  test("ends when a group that the person is in goes into another, or comes out of it", () => {
    const pro = { ...GROUP, id: "g2", displayName: "No_Licence" };
    const { store, mirror, left } = approved();
    mirror.publishChanges({ ...NOTHING, groups: [GROUP, pro], cursor: { value: "2" } });
    expect(left()).toEqual(["ana", "ben"]);
    mirror.publishChanges({
      ...NOTHING,
      added: [{ group: pro.id, member: GROUP.id, kind: "group" }],
      cursor: { value: "3" },
    });
    expect(left()).toEqual([]);
    const [hold] = store.holds.reconcile([revokes(store)], 5000).formed;
    store.holds.approve(hold?.id ?? "", null, 6000);
    expect(left()).toEqual(["ana", "ben"]);
    mirror.publishChanges({ ...NOTHING, removed: [{ group: pro.id, member: GROUP.id }], cursor: { value: "4" } });
    expect(left()).toEqual([]);
  });

  test("ends with a change of groups that shows in the read which first asks for another property", () => {
    const { store, user, left } = approved();
    const mirror = store.people.mirror([...BASE_PROPERTIES, "department"], ["accountEnabled", "department"]);
    mirror.restage();
    const both = { ...GROUP, id: "g2", displayName: "No_Licence" };
    const member = (id: string) =>
      ({
        kind: "user",
        user: { id, properties: { ...user(id).properties, department: "Legal" } },
      }) as const;
    mirror.stagePage(GROUP.id, [member("ana"), member("ben")], "{}");
    mirror.stagePage(both.id, [member("ana")], "{}");
    mirror.publishFull({ groups: [GROUP, both], deleted: [], cursor: { value: "2" } });
    expect(left()).toEqual(["ben"]);
  });

  test("stays when only the name changes, by changes or by reading everything", () => {
    const { mirror, user, left } = approved();
    mirror.publishChanges({ ...NOTHING, users: [user("ana", "Ana Other")], cursor: { value: "2" } });
    expect(left()).toEqual(["ana", "ben"]);
    mirror.restage();
    const members = ["ana", "ben"].map((id) => ({ kind: "user", user: user(id, `${id} once more`) }) as const);
    mirror.stagePage(GROUP.id, members, "{}");
    mirror.publishFull({ groups: [GROUP], deleted: [], cursor: { value: "3" } });
    expect(left()).toEqual(["ana", "ben"]);
  });

  test("stays while people are still to be decided because the cycle before was killed", () => {
    const { store, mirror, left } = approved();
    const keys = ["ana", "ben"].flatMap((id) => store.people.person(id)?.key ?? []);
    store.people.markDirty(keys);
    mirror.publishChanges({ ...NOTHING, cursor: { value: "2" } });
    expect(left()).toEqual(["ana", "ben"]);
    // And they are still to be decided.
    expect([...store.people.open(3000, 10)].flat().map(({ key }) => key)).toEqual(keys);
  });
});
