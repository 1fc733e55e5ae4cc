/**
 * What one or more delta rounds say, gathered. Entries repeat, come in any order and in slices, so nothing here depends on order: whatever
 * contradicts itself is marked doubtful and asked for afresh.
 */
import { AgentError } from "../errors.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import type { Cursor } from "./cursor.ts";
import { isRecord } from "./entra-errors.ts";
import { idOf, kindOf, parseChangedUser } from "./entries.ts";
import { GroupForest } from "./group-forest.ts";
import type { Reading } from "./reader.ts";

const WHAT = "reading changes";

/** Somebody whom listings left out as long as they were deleted. */
export function restoredUnseen(id: ObjectId): AgentError {
  return new AgentError("ERR_DELTA_RESET", `user ${id} may have been restored after groups were listed without them`);
}

export class DeltaChanges {
  readonly forest: GroupForest;
  /** Known people seen alive, with the properties that were named. */
  readonly alive = new Map<ObjectId, DirectoryUser>();
  readonly deleted = new Set<ObjectId>();
  /** To be looked up: contradictory, or unknown members of before that are seen now. */
  readonly doubtful = new Set<ObjectId>();
  /** Deleted users, strangers too, as `Cursor.removed` has them. */
  readonly removed: Map<ObjectId, boolean>;
  /** As `Cursor.unsure` has them. */
  readonly unsure: Set<ObjectId>;
  readonly #reading: Reading;
  readonly #cursor: Cursor;
  readonly #unresolved: ReadonlySet<ObjectId>;
  #entries = 0;

  constructor(reading: Reading, cursor: Cursor) {
    this.#reading = reading;
    this.#cursor = cursor;
    this.removed = new Map(cursor.removed);
    this.unsure = new Set(cursor.unsure);
    this.#unresolved = new Set(cursor.unresolved);
    this.forest = new GroupForest(reading, cursor);
  }

  /** Users delta covers the whole tenant: strangers are passed over. */
  users(entries: readonly unknown[]): void {
    const ids = entries.map((entry) => idOf(entry, WHAT));
    const known = this.#reading.mirror.known(ids);
    for (const [index, id] of ids.entries()) {
      const entry = entries[index];
      if (!isRecord(entry)) continue;
      this.#note(id, entry, known.has(id));
      if (this.#unresolved.has(id)) this.doubtful.add(id);
      else if (known.has(id)) this.#user(id, entry);
    }
  }

  groups(entries: readonly unknown[]): void {
    for (const entry of entries) {
      const id = idOf(entry, WHAT);
      if (!isRecord(entry)) continue;
      const removal = entry["@removed"];
      if (isRecord(removal)) {
        this.forest.removed(id, removal["reason"] === "deleted");
        continue;
      }
      this.forest.seen(id, entry["displayName"]);
      const members = entry["members@delta"];
      if (!Array.isArray(members) || !this.forest.has(id)) continue;
      this.#count(members.length);
      for (const member of members) {
        const memberId = idOf(member, WHAT);
        const removed = isRecord(member) && isRecord(member["@removed"]);
        this.forest.pair(id, memberId, removed, isRecord(member) ? kindOf(member) : null);
      }
    }
  }

  /**
   * Deleting a user does not show in groups, nor does restoring one, while listings leave the deleted out: whoever comes back may be in
   * groups that were listed meanwhile. Of somebody who was deleted and restored in one stretch of changes nothing but the end is told.
   */
  #note(id: ObjectId, entry: Readonly<Record<string, unknown>>, known: boolean): void {
    const listed = this.#cursor.listedAt !== null || this.forest.relisted.size > 0;
    const removal = entry["@removed"];
    if (isRecord(removal)) {
      this.unsure.delete(id);
      if (removal["reason"] === "deleted") this.removed.delete(id);
      else this.removed.set(id, listed || (this.removed.get(id) ?? !known));
      return;
    }
    const unknown = this.removed.get(id);
    if (unknown === true || (unknown === false && this.forest.relisted.size > 0)) throw restoredUnseen(id);
    if (this.unsure.has(id) || this.#cursor.wary) throw restoredUnseen(id);
    this.removed.delete(id);
  }

  #user(id: ObjectId, entry: Readonly<Record<string, unknown>>): void {
    this.#count(1);
    const removed = isRecord(entry["@removed"]);
    const before = this.alive.get(id);
    if (removed) {
      this.deleted.add(id);
      if (before !== undefined) this.doubtful.add(id);
      return;
    }
    const user = parseChangedUser(entry, id, this.#reading.properties, WHAT);
    if (this.deleted.has(id)) this.doubtful.add(id);
    if (before !== undefined && JSON.stringify(before.properties) !== JSON.stringify(user.properties))
      this.doubtful.add(id);
    this.alive.set(id, user);
  }

  /** What is gathered stays in memory until it is published: very many changes are read page by page instead. */
  #count(entries: number): void {
    this.#entries += entries;
    if (this.#entries > this.#reading.limits.changes) {
      throw new AgentError("ERR_DELTA_RESET", `more than ${this.#reading.limits.changes} changes at once`);
    }
  }
}
