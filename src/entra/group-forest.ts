/** The groups in scope while changes are being gathered: names, nesting, and who came to or left which group. */
import type { DirectoryMember } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { DirectoryGroup, ObjectId, ScopedGroup } from "../model/directory.ts";
import type { Cursor } from "./cursor.ts";
import type { EntryKind } from "./entries.ts";
import type { Reading } from "./reader.ts";
import { refuseRenamed } from "./scope.ts";
import { type GroupNode, rolesOf, scopedGroups } from "./tree.ts";

/** Users added to and removed from one group. */
interface Pairs {
  readonly added: Map<ObjectId, "user" | "group" | null>;
  readonly removed: Set<ObjectId>;
}

/** Deleted groups watched, the latest. */
export const WATCHED = 20;

export class GroupForest {
  readonly nodes: Map<ObjectId, GroupNode>;
  readonly gone: Set<ObjectId>;
  /** Groups listed afresh. */
  readonly relisted = new Map<ObjectId, readonly DirectoryMember[]>();
  readonly pairs = new Map<ObjectId, Pairs>();
  readonly #doubtful = new Set<ObjectId>();
  /** Groups that were named as existing. */
  readonly #seen = new Set<ObjectId>();
  readonly #reading: Reading;
  readonly #roots: { readonly parent: ObjectId; readonly others: readonly ObjectId[] };
  /** Whether names or nesting are other than they were. */
  changed = false;

  constructor(reading: Reading, cursor: Cursor) {
    this.#reading = reading;
    this.#roots = { parent: cursor.parent, others: cursor.others };
    this.nodes = new Map(cursor.nodes);
    this.gone = new Set(cursor.gone);
  }

  has(id: ObjectId): boolean {
    return this.nodes.has(id);
  }

  /** A group was deleted; `forGood`: it cannot be restored. */
  removed(id: ObjectId, forGood: boolean): void {
    if (forGood) this.gone.delete(id);
    else this.gone.add(id);
    if (!this.nodes.has(id)) return;
    // Entries come in any order: which of the two is the later one cannot be told.
    if (this.#seen.has(id))
      throw new AgentError("ERR_DELTA_RESET", `changes say both that the group ${id} is and is not`);
    if (this.#isRoot(id))
      throw new AgentError("ERR_DELTA_RESET", `the group ${id}, which the configuration names, was deleted`);
    this.drop(id);
  }

  /** A group exists, under this name if one is given. */
  seen(id: ObjectId, displayName: unknown): void {
    this.#refuseRestored(id);
    this.#seen.add(id);
    const node = this.nodes.get(id);
    if (node === undefined || typeof displayName !== "string" || displayName === "" || displayName === node.displayName)
      return;
    if (this.#isRoot(id)) refuseRenamed(this.#reading.scope, id, node.displayName);
    this.nodes.set(id, { ...node, displayName });
    this.changed = true;
  }

  /** Someone or something was added to or removed from a group; `kind` null: the answer does not say what. */
  pair(group: ObjectId, member: ObjectId, removed: boolean, kind: EntryKind | null): void {
    // A listing of before may or may not hold this change.
    if (this.relisted.delete(group)) this.#doubtful.add(group);
    if (kind === "other") return;
    const pairs = this.#pairs(group);
    if (removed) pairs.removed.add(member);
    else pairs.added.set(member, kind ?? this.#guessKind(member));
    if (pairs.removed.has(member) && pairs.added.has(member)) this.#doubtful.add(group);
    if (pairs.added.get(member) === null) this.#doubtful.add(group);
    this.#nest(group, member, !removed && pairs.added.get(member) === "group");
  }

  /** Groups whose changes matter: those in scope that are known, and the deleted ones, which may be restored. */
  tracked(): ObjectId[] {
    const known = [...this.reached()].filter((id) => this.nodes.has(id));
    return [...known, ...this.watched()];
  }

  /** Deleted groups that are not there again. */
  watched(): ObjectId[] {
    return [...this.gone].filter((id) => !this.nodes.has(id)).slice(-WATCHED);
  }

  /** Groups that are reached but not known yet. */
  unknown(): ObjectId[] {
    return [...this.reached()].filter((id) => !this.nodes.has(id));
  }

  /** Groups whose members have to be listed because what changes say of them is contradictory. */
  takeDoubtful(): ObjectId[] {
    const ids = [...this.#doubtful].filter((id) => this.#isToList(id));
    this.#doubtful.clear();
    return ids;
  }

  /** Whether every group that is reached is known, and none is to be listed. */
  atRest(): boolean {
    return this.unknown().length === 0 && ![...this.#doubtful].some((id) => this.#isToList(id));
  }

  describe(group: DirectoryGroup): void {
    const { id, displayName, visibility } = group;
    this.#refuseRestored(id);
    this.nodes.set(id, { displayName, visibility, children: new Set() });
    // Whenever it became a member: it could not be published as one before it was known.
    for (const [parent, { children }] of this.nodes) if (children.has(id)) this.#pairs(parent).added.set(id, "group");
    this.changed = true;
  }

  list(group: ObjectId, members: readonly DirectoryMember[]): void {
    this.relisted.set(group, members);
    this.pairs.delete(group);
    const node = this.nodes.get(group);
    if (node === undefined) return;
    const children = new Set(members.flatMap((member) => (member.kind === "group" ? [member.group.id] : [])));
    this.nodes.set(group, { ...node, children });
    this.changed = true;
  }

  /** Takes a group out wherever it is a member. */
  drop(id: ObjectId): void {
    this.nodes.delete(id);
    for (const [group, { added }] of this.pairs) {
      added.delete(id);
      if (group === id) this.pairs.delete(group);
    }
    this.relisted.delete(id);
    for (const group of this.nodes.keys()) this.#nest(group, id, false);
    this.changed = true;
  }

  /** Forgets groups that are no longer reached, and gives the groups in scope. */
  close(): readonly ScopedGroup[] {
    const reached = this.reached();
    for (const id of [...this.nodes.keys()]) {
      if (reached.has(id)) continue;
      this.nodes.delete(id);
      this.pairs.delete(id);
      this.relisted.delete(id);
      this.changed = true;
    }
    return scopedGroups(this.#roots, this.nodes);
  }

  /** Groups that hang together with the roots, known or not. */
  reached(): ReadonlySet<ObjectId> {
    return new Set(rolesOf(this.#roots, (id) => this.nodes.get(id)?.children ?? []).keys());
  }

  #pairs(group: ObjectId): Pairs {
    const pairs = this.pairs.get(group) ?? { added: new Map(), removed: new Set() };
    this.pairs.set(group, pairs);
    return pairs;
  }

  /** Which groups it is in is not told when a group is restored. */
  #refuseRestored(id: ObjectId): void {
    if (this.gone.has(id)) throw new AgentError("ERR_DELTA_RESET", `the deleted group ${id} is there again`);
  }

  #isToList(id: ObjectId): boolean {
    return this.nodes.has(id) && !this.relisted.has(id);
  }

  #isRoot(id: ObjectId): boolean {
    return id === this.#roots.parent || this.#roots.others.includes(id);
  }

  #guessKind(member: ObjectId): "user" | "group" | null {
    if (this.nodes.has(member)) return "group";
    return this.#reading.mirror.known([member]).has(member) ? "user" : null;
  }

  #nest(group: ObjectId, member: ObjectId, nested: boolean): void {
    const node = this.nodes.get(group);
    if (node === undefined || node.children.has(member) === nested) return;
    const children = new Set(node.children);
    if (nested) children.add(member);
    else children.delete(member);
    this.nodes.set(group, { ...node, children });
    this.changed = true;
  }
}
