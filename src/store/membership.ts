/** Groups in scope, how they nest, and who is a direct member of which. */
import type { DirectoryMember } from "../cycle/ports.ts";
import type { GroupGraph } from "../cycle/store-ports.ts";
import type { ObjectId, ScopedGroup } from "../model/directory.ts";
import type { Database } from "./database.ts";
import { markDirty } from "./dirty.ts";
import { STAGED_PAIRS, type Stage } from "./stage.ts";

/** Every method that returns a boolean tells whether groups or nesting changed: then everybody is evaluated again. */
export interface Membership {
  groups(): readonly ScopedGroup[];
  /** Keys of the groups. */
  keys(): ReadonlyMap<ObjectId, number>;
  setGroups(groups: readonly ScopedGroup[]): boolean;
  setNestingFromStage(): boolean;
  /** Into an empty mirror. */
  addFromStage(): void;
  /** Over what is there; people whose memberships changed become dirty. */
  replaceFromStage(): void;
  relist(group: ObjectId, members: readonly DirectoryMember[]): boolean;
  nest(parent: ObjectId, child: ObjectId): boolean;
  add(group: ObjectId, user: ObjectId): void;
  remove(group: ObjectId, member: ObjectId): boolean;
}

export function createMembership(database: Database, tenant: number, stage: Stage): Membership {
  const groupKey = (id: ObjectId): number | null =>
    (database.get("SELECT id FROM grp WHERE tenant=? AND object_id=?", tenant, id)?.["id"] as number | undefined) ??
    null;
  const personKey = (id: ObjectId): number | null =>
    (database.get("SELECT id FROM person WHERE tenant=? AND object_id=?", tenant, id)?.["id"] as number | undefined) ??
    null;
  const changes = (sql: string, ...values: (string | number)[]): boolean => database.run(sql, ...values).changes > 0;

  const membership: Membership = {
    groups: () => readGroups(database, tenant),
    keys: () => {
      const rows = database.all("SELECT object_id, id FROM grp WHERE tenant=?", tenant);
      return new Map(rows.map((row) => [row["object_id"] as string, row["id"] as number]));
    },
    setGroups: (groups) => {
      const before = new Map(readGroups(database, tenant).map((group) => [group.id, group]));
      let changed = before.size !== groups.length;
      for (const group of groups) {
        const known = before.get(group.id);
        if (
          known?.displayName === group.displayName &&
          known.role === group.role &&
          known.visibility === group.visibility
        )
          continue;
        changed = true;
        database.run(
          `INSERT INTO grp (tenant, object_id, display_name, visibility, role) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (tenant, object_id) DO UPDATE SET display_name=excluded.display_name, visibility=excluded.visibility, role=excluded.role`,
          tenant,
          group.id,
          group.displayName,
          group.visibility,
          group.role,
        );
      }
      const kept = new Set(groups.map((group) => group.id));
      for (const id of before.keys()) {
        if (kept.has(id)) continue;
        changed = true;
        const key = groupKey(id) as number;
        database.run("DELETE FROM nesting WHERE parent=? OR child=?", key, key);
        dirtyReturned(database, tenant, "DELETE FROM member WHERE grp=? RETURNING person", key);
        database.run("DELETE FROM grp WHERE id=?", key);
      }
      return changed;
    },
    setNestingFromStage: () => {
      const before = nestingText(database, tenant);
      database.run("DELETE FROM nesting WHERE parent IN (SELECT id FROM grp WHERE tenant=?)", tenant);
      stage.publishNesting();
      return nestingText(database, tenant) !== before;
    },
    addFromStage: () => void database.run(`INSERT OR IGNORE INTO member ${STAGED_PAIRS}`, tenant),
    replaceFromStage: () => {
      database.exec(
        "CREATE TEMP TABLE IF NOT EXISTS fresh (person INTEGER, grp INTEGER, PRIMARY KEY (person, grp)) WITHOUT ROWID; DELETE FROM fresh",
      );
      database.run(`INSERT OR IGNORE INTO fresh ${STAGED_PAIRS}`, tenant);
      dirtyReturned(
        database,
        tenant,
        "INSERT INTO member SELECT person, grp FROM fresh f WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.person=f.person AND m.grp=f.grp) RETURNING person",
      );
      dirtyReturned(
        database,
        tenant,
        `DELETE FROM member WHERE person IN (SELECT id FROM person WHERE tenant=? AND deleted=0)
         AND NOT EXISTS (SELECT 1 FROM fresh f WHERE f.person=member.person AND f.grp=member.grp) RETURNING person`,
        tenant,
      );
      database.exec("DELETE FROM fresh");
    },
    relist: (group, members) => {
      const key = groupKey(group);
      if (key === null) return false;
      const before = nestingText(database, tenant);
      const users = new Set(members.flatMap((member) => (member.kind === "user" ? [member.user.id] : [])));
      const gone = database
        .all("SELECT p.object_id AS id FROM member m JOIN person p ON p.id=m.person WHERE m.grp=?", key)
        .map((row) => row["id"] as string)
        .filter((id) => !users.has(id));
      for (const id of gone) membership.remove(group, id);
      for (const id of users) membership.add(group, id);
      database.run("DELETE FROM nesting WHERE parent=?", key);
      for (const member of members) if (member.kind === "group") membership.nest(group, member.group.id);
      return nestingText(database, tenant) !== before;
    },
    nest: (parent, child) => {
      const [from, to] = [groupKey(parent), groupKey(child)];
      return from !== null && to !== null && changes("INSERT OR IGNORE INTO nesting VALUES (?, ?)", from, to);
    },
    add: (group, user) => {
      const key = groupKey(group);
      if (key === null) return;
      database.run("INSERT OR IGNORE INTO person (tenant, object_id) VALUES (?, ?)", tenant, user);
      const person = personKey(user) as number;
      if (changes("INSERT OR IGNORE INTO member VALUES (?, ?)", person, key)) markDirty(database, tenant, [person]);
    },
    remove: (group, member) => {
      const key = groupKey(group);
      if (key === null) return false;
      const child = groupKey(member);
      if (child !== null) return changes("DELETE FROM nesting WHERE parent=? AND child=?", key, child);
      const person = personKey(member);
      if (person !== null && changes("DELETE FROM member WHERE person=? AND grp=?", person, key)) {
        markDirty(database, tenant, [person]);
      }
      return false;
    },
  };
  return membership;
}

function dirtyReturned(database: Database, tenant: number, sql: string, ...values: number[]): void {
  const people = database.all(sql, ...values).map((row) => row["person"] as number);
  markDirty(database, tenant, [...new Set(people)]);
}

function readGroups(database: Database, tenant: number): ScopedGroup[] {
  return database
    .all("SELECT object_id, display_name, visibility, role FROM grp WHERE tenant=? ORDER BY object_id", tenant)
    .map((row) => ({
      id: row["object_id"] as string,
      displayName: row["display_name"] as string,
      visibility: row["visibility"] as string | null,
      role: row["role"] as ScopedGroup["role"],
    }));
}

function nestingText(database: Database, tenant: number): string {
  const row = database.get(
    `SELECT group_concat(parent || '>' || child) AS text FROM
     (SELECT parent, child FROM nesting WHERE parent IN (SELECT id FROM grp WHERE tenant=?) ORDER BY parent, child)`,
    tenant,
  );
  return (row?.["text"] as string | null) ?? "";
}

/** The nesting graph with a cache of closures: people share few sets of direct groups. */
export function readGroupGraph(database: Database, tenant: number): GroupGraph {
  const groups = readGroups(database, tenant);
  const ids = new Map<number, ObjectId>();
  for (const row of database.all("SELECT id, object_id FROM grp WHERE tenant=?", tenant)) {
    ids.set(row["id"] as number, row["object_id"] as string);
  }
  const parents = new Map<number, number[]>();
  const nesting: { parent: ObjectId; child: ObjectId }[] = [];
  for (const row of database.all(
    "SELECT parent, child FROM nesting WHERE parent IN (SELECT id FROM grp WHERE tenant=?) ORDER BY parent, child",
    tenant,
  )) {
    const [parent, child] = [row["parent"] as number, row["child"] as number];
    parents.set(child, [...(parents.get(child) ?? []), parent]);
    nesting.push({ parent: ids.get(parent) as string, child: ids.get(child) as string });
  }
  const keysOf = (direct: string): number[] => (direct === "" ? [] : direct.split(",").map(Number));
  const closures = new Map<string, ReadonlySet<ObjectId>>();
  return {
    groups,
    nesting,
    direct: (direct) => keysOf(direct).map((key) => ids.get(key) as string),
    closure: (direct) => {
      const cached = closures.get(direct);
      if (cached !== undefined) return cached;
      const reached = new Set<number>(keysOf(direct));
      // A set grows while it is walked: nesting may be deep, and may even be a circle.
      for (const key of reached) for (const parent of parents.get(key) ?? []) reached.add(parent);
      const closure = new Set([...reached].map((key) => ids.get(key) as string));
      closures.set(direct, closure);
      return closure;
    },
  };
}
