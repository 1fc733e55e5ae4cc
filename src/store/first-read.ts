/**
 * The people of a tenant's first read, kept in memory from the mirror to the rules: what was just written is not read again to be evaluated. The
 * database has them too, should the read be cut; then, or when there are very many, they come from there as always.
 */
import type { StoredPerson } from "../cycle/store-ports.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import type { Database } from "./database.ts";

/** People kept in memory, some 500 bytes each. */
const MOST = 300_000;

/** Somebody of whom nothing is known but what was just read. */
class Newcomer implements StoredPerson {
  readonly key: number;
  readonly id: ObjectId;
  properties: DirectoryUser["properties"];
  direct: string;

  constructor(key: number, { id, properties }: DirectoryUser, direct: string) {
    this.key = key;
    this.id = id;
    this.properties = properties;
    this.direct = direct;
  }

  get presence(): "present" {
    return "present";
  }

  get mailbox(): "unread" {
    return "unread";
  }

  get account(): null {
    return null;
  }

  get previous(): null {
    return null;
  }
}

export interface FirstRead {
  /** A read begins from nothing. */
  begin(): void;
  /** Members of a group as they were written, with their keys. */
  add(group: ObjectId, users: readonly DirectoryUser[], keys: readonly number[]): void;
  /** The read is published; `groups`: keys by object id. */
  publish(groups: ReadonlyMap<ObjectId, number>): void;
  /** Everybody published, once and in chunks, if nothing was written about them since; null: they are to be read. */
  take(chunk: number): Iterable<readonly StoredPerson[]> | null;
  forget(): void;
}

export function createFirstRead(database: Database, tenant: number): FirstRead {
  /** Null: not everybody is here. */
  let people: Newcomer[] | null = null;
  /** Made when somebody is met who was written before. */
  let byKey: Map<number, Newcomer> | null = null;
  let latest = 0;
  /** Groups by number: until the read is published, `direct` holds these numbers. */
  let groups: ObjectId[] = [];
  let published = false;
  const forget = (): void => {
    [people, byKey, latest, groups, published] = [null, null, 0, [], false];
  };
  database.onRollback(forget);

  const known = (all: readonly Newcomer[], key: number): Newcomer | undefined => {
    if (key > latest) return undefined;
    byKey ??= new Map(all.map((person) => [person.key, person]));
    return byKey.get(key);
  };
  const numberOf = (group: ObjectId): number => {
    const number = groups.indexOf(group);
    return number === -1 ? groups.push(group) - 1 : number;
  };

  return {
    begin: () => {
      forget();
      people = [];
    },
    add: (group, users, keys) => {
      if (people === null) return;
      const number = numberOf(group);
      const direct = String(number);
      for (const [index, user] of users.entries()) {
        const key = keys[index] as number;
        const before = known(people, key);
        if (before === undefined) {
          const person = new Newcomer(key, user, direct);
          people.push(person);
          byKey?.set(key, person);
          latest = Math.max(latest, key);
        } else {
          before.properties = user.properties;
          before.direct = withGroup(before.direct, number);
        }
      }
      if (people.length > MOST) forget();
    },
    publish: (keys) => {
      const translated = new Map<string, string>();
      for (const person of people ?? []) {
        let direct = translated.get(person.direct);
        if (direct === undefined) {
          const numbers = person.direct.split(",").map(Number);
          direct = inOrder(numbers.flatMap((number) => keys.get(groups[number] ?? "") ?? []));
          translated.set(person.direct, direct);
        }
        person.direct = direct;
      }
      published = true;
    },
    take: (chunk) => {
      const all = published ? people : null;
      forget();
      // A remote licence system's accounts are bound to people as soon as these are known.
      const bound = database.get("SELECT 1 FROM account WHERE tenant=? AND person IS NOT NULL LIMIT 1", tenant);
      return all === null || bound !== undefined ? null : inChunks(all, chunk);
    },
    forget,
  };
}

function withGroup(direct: string, group: number): string {
  return inOrder([...new Set(direct.split(",").map(Number)).add(group)]);
}

/** As the database gives them. */
function inOrder(keys: number[]): string {
  return keys.sort((left, right) => left - right).join(",");
}

/** Lets go of people as they are handed over. */
function* inChunks(people: Newcomer[], chunk: number): Iterable<readonly StoredPerson[]> {
  people.reverse();
  while (people.length > 0) yield people.splice(-chunk).reverse();
}
