/**
 * The mirror of the directory in scope. A full read is staged page by page and published in one transaction; changes are applied in
 * one transaction with the cursor that follows them, so a crash in between loses nothing. Whoever's inputs changed is marked dirty.
 */
import type { DirectoryChanges, FullReading, MirrorWriter } from "../cycle/ports.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import type { Database } from "./database.ts";
import { markDirty } from "./dirty.ts";
import type { FirstRead } from "./first-read.ts";
import { createMembership, type Membership } from "./membership.ts";
import { forgettingRulings } from "./rulings.ts";
import { createStage, type Stage, type StagedPage } from "./stage.ts";

/** What is read is written when this many people have come together, or after this time (ms), whichever is first. */
const TOGETHER = 30_000;
const AT_LEAST_EVERY = 2_000;

export function createMirror(
  database: Database,
  tenant: number,
  { properties, deciding }: { readonly properties: readonly string[]; readonly deciding: readonly string[] },
  firstRead: FirstRead,
): MirrorWriter {
  firstRead.forget();
  const ordered = [...properties].filter((name) => name !== "id").sort();
  const stage = createStage(database, tenant);
  const membership = createMembership(database, tenant, stage);

  /** In a fixed order and with null for what the answer left out, so that equal properties are equal text. */
  const canonical = (user: DirectoryUser): Record<string, unknown> => {
    const known: Record<string, unknown> = {};
    for (const name of ordered) known[name] = user.properties[name] ?? null;
    return known;
  };
  const tenantColumn = (column: "cursor" | "progress" | "properties"): string | null =>
    (database.get(`SELECT ${column} AS value FROM tenant WHERE id=?`, tenant)?.["value"] as string | null) ?? null;
  const neverPublished = (): boolean => tenantColumn("properties") === null;

  /** Pages that are not written yet: one transaction for each would write the index of people again and again. */
  let pages: StagedPage[] = [];
  let people = 0;
  let latest: string | null = null;
  let writtenAt = performance.now();
  const forget = (): void => {
    [pages, people, latest, writtenAt] = [[], 0, null, performance.now()];
  };
  const write = (): void => {
    if (latest === null) return;
    const first = neverPublished();
    database.transaction(() => {
      for (const page of pages) {
        const keys = stage.add(page, first);
        if (first) firstRead.add(page.group, page.people, keys);
      }
      database.run("UPDATE tenant SET progress=? WHERE id=?", latest, tenant);
    });
    forget();
  };

  return {
    get cursor() {
      const value = tenantColumn("cursor");
      return value === null ? null : { value };
    },
    get progress() {
      return latest ?? tenantColumn("progress");
    },
    groups: () => membership.groups(),
    known: (ids) => knownUsers(database, tenant, ids),
    restage: () => {
      forget();
      firstRead.forget();
      if (neverPublished()) firstRead.begin();
      database.transaction(() => {
        stage.clear();
        database.run("UPDATE tenant SET progress=NULL WHERE id=?", tenant);
      });
    },
    stagePage: (group, members, progress) => {
      const page = { group, groups: [] as ObjectId[], people: [] as DirectoryUser[] };
      for (const member of members) {
        if (member.kind === "group") page.groups.push(member.group.id);
        if (member.kind === "user") page.people.push({ id: member.user.id, properties: canonical(member.user) });
      }
      pages.push(page);
      people += page.people.length;
      latest = progress;
      if (people >= TOGETHER || performance.now() - writtenAt >= AT_LEAST_EVERY) write();
    },
    keepStaged: write,
    vanished: () => {
      write();
      return neverPublished() ? [] : stage.vanished();
    },
    publishFull: (reading) => {
      write();
      const list = JSON.stringify(ordered);
      const before = tenantColumn("properties");
      // That another property is read of everybody now says nothing about whether anybody's changed.
      const known = before === null ? [] : (JSON.parse(before) as string[]);
      const comparable = deciding.filter((name) => known.includes(name));
      const publish = (): void => {
        publishFull(database, tenant, { stage, membership, first: before === null }, reading);
        if (before === null) firstRead.publish(membership.keys());
        else firstRead.forget();
        database.run("UPDATE tenant SET properties=? WHERE id=?", list, tenant);
      };
      forgettingRulings(database, tenant, comparable, publish);
    },
    publishChanges: (changes) => {
      if (saysAnything(changes)) firstRead.forget();
      forgettingRulings(database, tenant, deciding, () =>
        publishChanges(database, tenant, membership, changes, canonical),
      );
    },
  };
}

function saysAnything({ groups, added, removed, relisted, users, deleted, restored }: DirectoryChanges): boolean {
  return groups !== null || [added, removed, relisted, users, deleted, restored].some(({ length }) => length > 0);
}

/** Users with properties that are kept up to date: those in a group in scope. */
function knownUsers(database: Database, tenant: number, ids: readonly ObjectId[]): ReadonlySet<ObjectId> {
  const rows = database.all(
    `SELECT p.object_id AS id FROM json_each(?) wanted CROSS JOIN person p ON p.tenant=? AND p.object_id=wanted.value
     WHERE p.properties IS NOT NULL AND EXISTS (SELECT 1 FROM member m WHERE m.person=p.id)`,
    JSON.stringify(ids),
    tenant,
  );
  return new Set(rows.map((row) => row["id"] as string));
}

function publishFull(
  database: Database,
  tenant: number,
  { stage, membership, first }: { stage: Stage; membership: Membership; first: boolean },
  reading: FullReading,
): void {
  let reshaped = membership.setGroups(reading.groups);
  reshaped = membership.setNestingFromStage() || reshaped;
  if (first) {
    membership.addFromStage();
  } else {
    markDirty(database, tenant, stage.publishPeople());
    // Who is deleted keeps the memberships: Entra gives them back on restore without telling. Who is not has left.
    const deleted = new Set(reading.deleted);
    const left = stage.vanished().filter((id) => !deleted.has(id));
    setDeleted(database, tenant, left, false);
    setDeleted(database, tenant, reading.deleted, true);
    membership.replaceFromStage();
  }
  if (first || reshaped) database.run("UPDATE tenant SET all_dirty=1 WHERE id=?", tenant);
  stage.clear();
  database.run("UPDATE tenant SET progress=NULL, cursor=? WHERE id=?", reading.cursor?.value ?? null, tenant);
}

function publishChanges(
  database: Database,
  tenant: number,
  membership: Membership,
  changes: DirectoryChanges,
  canonical: (user: DirectoryUser) => Record<string, unknown>,
): void {
  let reshaped = false;
  if (changes.groups !== null) reshaped = membership.setGroups(changes.groups);
  const listed: DirectoryUser[] = [];
  for (const { group, members } of changes.relisted) {
    reshaped = membership.relist(group, members) || reshaped;
    for (const member of members) if (member.kind === "user") listed.push(member.user);
  }
  for (const { group, member, kind } of changes.added) {
    if (kind === "group") reshaped = membership.nest(group, member) || reshaped;
    else membership.add(group, member);
  }
  for (const { group, member } of changes.removed) reshaped = membership.remove(group, member) || reshaped;
  for (const user of [...listed, ...changes.users]) mergeUser(database, tenant, user, canonical);
  setDeleted(database, tenant, changes.deleted, true);
  setDeleted(database, tenant, changes.restored, false);
  if (reshaped) database.run("UPDATE tenant SET all_dirty=1 WHERE id=?", tenant);
  database.run("UPDATE tenant SET cursor=? WHERE id=?", changes.cursor.value, tenant);
}

/** Merges what an answer says over what is known; someone who is in no group in scope is of no concern. */
function mergeUser(
  database: Database,
  tenant: number,
  user: DirectoryUser,
  canonical: (user: DirectoryUser) => Record<string, unknown>,
): void {
  const row = database.get(
    `SELECT id, properties FROM person p WHERE tenant=? AND object_id=?
     AND EXISTS (SELECT 1 FROM member m WHERE m.person=p.id)`,
    tenant,
    user.id,
  );
  if (row === undefined) return;
  const before = row["properties"] as string | null;
  const known = before === null ? {} : (JSON.parse(before) as Record<string, unknown>);
  const after = JSON.stringify(canonical({ id: user.id, properties: { ...known, ...user.properties } }));
  if (after === before) return;
  database.run("UPDATE person SET properties=? WHERE id=?", after, row["id"] as number);
  markDirty(database, tenant, [row["id"] as number]);
}

function setDeleted(database: Database, tenant: number, ids: readonly ObjectId[], deleted: boolean): void {
  if (ids.length === 0) return;
  const rows = database.all(
    `UPDATE person SET deleted=? WHERE tenant=? AND deleted<>? AND object_id IN (SELECT value FROM json_each(?)) RETURNING id`,
    deleted ? 1 : 0,
    tenant,
    deleted ? 1 : 0,
    JSON.stringify(ids),
  );
  markDirty(
    database,
    tenant,
    rows.map((row) => row["id"] as number),
  );
}
