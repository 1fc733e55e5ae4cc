/** A mirror in memory that keeps the promises of the port: for tests of a source without a database. */
import type { DirectoryChanges, DirectoryMember, FullReading, MirrorWriter } from "../../src/cycle/ports.ts";
import type { DirectoryUser, ObjectId, ScopedGroup } from "../../src/model/directory.ts";

interface Person {
  properties: Readonly<Record<string, unknown>> | null;
  deleted: boolean;
}

export interface MemoryMirror extends MirrorWriter {
  /** Publications so far, full ones and changes. */
  readonly published: { readonly full: number; readonly changes: number };
  /** Pages staged since the last `restage`. */
  readonly staged: readonly string[];
  lastChanges(): DirectoryChanges | null;
  /** People present in any group in scope, with properties and the names of all their groups (nested ones included), in a fixed order. */
  snapshot(): Readonly<Record<ObjectId, { properties: unknown; groups: readonly string[] }>>;
  /** Groups in scope by name, each with its role. */
  roles(): Readonly<Record<string, string>>;
  deleted(): readonly ObjectId[];
}

export function createMemoryMirror(): MemoryMirror {
  const groups = new Map<ObjectId, ScopedGroup>();
  const people = new Map<ObjectId, Person>();
  /** Direct members, users and groups alike, by group. */
  const members = new Map<ObjectId, Set<ObjectId>>();
  const published = { full: 0, changes: 0 };
  let stage: { group: ObjectId; members: readonly DirectoryMember[] }[] = [];
  let progress: string | null = null;
  let cursor: MirrorWriter["cursor"] = null;
  let last: DirectoryChanges | null = null;

  const inAnyGroup = (id: ObjectId): boolean => [...members.values()].some((set) => set.has(id));
  const person = (id: ObjectId): Person => {
    const found = people.get(id) ?? { properties: null, deleted: false };
    people.set(id, found);
    return found;
  };
  const setGroups = (next: readonly ScopedGroup[]): void => {
    groups.clear();
    for (const group of next) groups.set(group.id, group);
    for (const id of [...members.keys()]) if (!groups.has(id)) members.delete(id);
  };
  const memberId = (member: DirectoryMember): ObjectId =>
    member.kind === "user" ? member.user.id : member.kind === "group" ? member.group.id : member.id;
  const setMembers = (group: ObjectId, list: readonly DirectoryMember[]): void => {
    if (!groups.has(group)) return;
    const set = new Set<ObjectId>();
    for (const member of list) if (member.kind !== "other") set.add(memberId(member));
    members.set(group, set);
  };
  const merge = ({ id, properties }: DirectoryUser): void => {
    if (!inAnyGroup(id)) return;
    const known = person(id);
    known.properties = { ...known.properties, ...properties };
  };

  const vanished = (): readonly ObjectId[] => {
    const staged = new Set(stage.flatMap((page) => page.members.map(memberId)));
    return [...people.keys()].filter((id) => inAnyGroup(id) && !staged.has(id));
  };

  return {
    get cursor() {
      return cursor;
    },
    get progress() {
      return progress;
    },
    published,
    get staged() {
      return stage.map((page) => page.group);
    },
    groups: () => [...groups.values()],
    known: (ids) => new Set(ids.filter((id) => people.get(id)?.properties && inAnyGroup(id))),
    restage: () => {
      stage = [];
      progress = null;
    },
    stagePage: (group, list, text) => {
      stage.push({ group, members: list });
      progress = text;
    },
    keepStaged: () => {},
    vanished,
    publishFull: (reading: FullReading) => {
      published.full += 1;
      const lists = new Map<ObjectId, DirectoryMember[]>();
      for (const page of stage) lists.set(page.group, [...(lists.get(page.group) ?? []), ...page.members]);
      for (const id of [...vanished(), ...stage.flatMap((page) => page.members.map(memberId))]) {
        const who = people.get(id);
        if (who !== undefined) who.deleted = false;
      }
      // Who is deleted keeps the memberships, as Entra does.
      for (const id of reading.deleted) person(id).deleted = true;
      const kept = [...members].map(
        ([group, set]) => [group, [...set].filter((id) => people.get(id)?.deleted)] as const,
      );
      setGroups(reading.groups);
      members.clear();
      for (const [group, list] of lists) setMembers(group, list);
      for (const [group, ids] of kept) for (const id of ids) members.get(group)?.add(id);
      for (const list of lists.values()) {
        for (const member of list) {
          if (member.kind !== "user") continue;
          people.set(member.user.id, { properties: member.user.properties, deleted: false });
        }
      }
      cursor = reading.cursor;
      stage = [];
      progress = null;
    },
    publishChanges: (changes: DirectoryChanges) => {
      published.changes += 1;
      last = changes;
      if (changes.groups !== null) setGroups(changes.groups);
      for (const { group, members: list } of changes.relisted) {
        setMembers(group, list);
        for (const member of list) if (member.kind === "user") merge(member.user);
      }
      for (const { group, member, kind } of changes.added) {
        // A group that is not there cannot be nested.
        if (!groups.has(group) || (kind === "group" && !groups.has(member))) continue;
        members.set(group, (members.get(group) ?? new Set()).add(member));
        if (kind === "user") person(member);
      }
      for (const { group, member } of changes.removed) members.get(group)?.delete(member);
      for (const user of changes.users) merge(user);
      for (const id of changes.deleted) if (people.has(id)) person(id).deleted = true;
      for (const id of changes.restored) if (people.has(id)) person(id).deleted = false;
      cursor = changes.cursor;
    },
    lastChanges: () => last,
    snapshot: () => {
      const above = (id: ObjectId, seen = new Set<ObjectId>()): Set<ObjectId> => {
        for (const [group, set] of members) {
          if (!set.has(id) || seen.has(group)) continue;
          seen.add(group);
          above(group, seen);
        }
        return seen;
      };
      const entries = [...people].flatMap(([id, who]) => {
        const names = [...above(id)].map((group) => groups.get(group)?.displayName ?? group).sort();
        return who.deleted || names.length === 0 ? [] : [[id, { properties: who.properties, groups: names }] as const];
      });
      return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    roles: () => Object.fromEntries([...groups.values()].map((group) => [group.displayName, group.role]).sort()),
    deleted: () => [...people].filter(([, who]) => who.deleted).map(([id]) => id),
  };
}
