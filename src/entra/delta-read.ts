/** Reads what has changed since the last read and makes it a set of operations that can be repeated without harm. */
import type { DirectoryMember } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import { type Cursor, toText } from "./cursor.ts";
import { DeltaChanges, restoredUnseen } from "./delta-changes.ts";
import { drain, type Links, openStreams, STREAM_SIZE } from "./delta-links.ts";
import { parseMember } from "./entries.ts";
import { WATCHED } from "./group-forest.ts";
import { describeGroups } from "./names.ts";
import { isStaleLink, readPages } from "./pages.ts";
import { lookUp } from "./people.ts";
import { membersPath, type Reading } from "./reader.ts";

/** Levels of nesting, and repetitions of contradictory answers, before everything is read again instead. */
const ROUNDS = 20;
/** Groups listed one after the other; more of them are read side by side, and a cut is gone on with, by a full read. */
const LISTED = 50;
/** Unknown members remembered until users delta names them; when there are more, the next cycle reads everything. */
const UNRESOLVED = 1_000;
/** Cycles in which somebody is looked up again who was not found: a server that lags behind catches up within minutes. */
const LOOKUPS = 12;
/** Deleted users remembered, the latest. */
const REMOVED = 2_000;

/** Changes are told with a delay that Microsoft does not name; ms. */
const TOLD_WITHIN = 3_600_000;

/** Publishes the changes since `cursor`. Throws `ERR_DELTA_RESET` when everything has to be read again. */
export async function readDelta(reading: Reading, cursor: Cursor): Promise<void> {
  const changes = new DeltaChanges(reading, cursor);
  const first = await drain(reading, cursor, cursor.batch, changes);
  const links = await settleGroups(reading, changes, first);
  const groups = changes.forest.close();
  const people = await settlePeople(reading, changes, cursor);
  const { pairs, relisted, nodes } = changes.forest;
  const listedAt = relisted.size > 0 ? reading.now() : stillRecent(reading, cursor.listedAt);
  const next: Cursor = {
    ...cursor,
    users: links.users,
    streams: [...links.streams],
    batch: links.batch,
    nodes,
    gone: [...changes.forest.gone].slice(-WATCHED),
    removed: new Map([...changes.removed].slice(-REMOVED).map(([id, listed]) => [id, listed || relisted.size > 0])),
    unsure: listedAt === null ? [] : [...changes.unsure],
    listedAt,
    wary: false,
    reads: 0,
    unresolved: people.unresolved.slice(-UNRESOLVED),
    again: Object.fromEntries(Object.entries(people.again).slice(-UNRESOLVED)),
    overflow: people.unresolved.length > UNRESOLVED || Object.keys(people.again).length > UNRESOLVED,
  };
  reading.mirror.publishChanges({
    groups: changes.forest.changed ? groups : null,
    added: [...pairs].flatMap(([group, { added }]) =>
      [...added].flatMap(([member, kind]) => (kind === null ? [] : [{ group, member, kind }])),
    ),
    removed: [...pairs].flatMap(([group, { removed }]) => [...removed].map((member) => ({ group, member }))),
    relisted: [...relisted].map(([group, members]) => ({ group, members })),
    users: people.users,
    deleted: people.deleted,
    restored: people.restored,
    cursor: { value: toText(next) },
  });
}

/** A listing, as long as deletions and restores of its time may still come to be told. */
function stillRecent(reading: Reading, listedAt: number | null): number | null {
  return listedAt !== null && reading.now() - listedAt < TOLD_WITHIN ? listedAt : null;
}

type Drained = Links & { readonly batch: boolean };

/** Lists groups that are new or in doubt, and brings everything that is tracked into as few streams as Graph allows. */
async function settleGroups(reading: Reading, changes: DeltaChanges, first: Drained): Promise<Drained> {
  const { forest } = changes;
  let links = first;
  let listed = 0;
  const list = async (ids: readonly ObjectId[]): Promise<void> => {
    listed += ids.length;
    if (listed > LISTED) throw new AgentError("ERR_DELTA_RESET", `more than ${LISTED} groups have to be listed`);
    for (const id of ids) forest.list(id, await listMembers(reading, id));
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    // First what is tracked already: a list may say that a group which changes named is not there at all.
    const doubtful = forest.takeDoubtful();
    await list(doubtful);
    const fresh = forest.unknown();
    const needed = Math.ceil(forest.tracked().length / STREAM_SIZE);
    if (fresh.length > 0 || links.streams.length > needed) {
      // New places first, then names and what came to the old places until then, then the listing: nothing falls between.
      const streams = await openStreams(reading, [...new Set([...fresh, ...forest.tracked()])]);
      await describe(reading, changes, fresh);
      links = { ...(await drain(reading, links, links.batch, changes)), streams };
    }
    await list(fresh.filter((id) => forest.has(id)));
    // Bringing streams together reads on, and so may come upon groups that are new or in doubt.
    if (fresh.length === 0 && forest.atRest()) return links;
  }
  throw new AgentError("ERR_DELTA_RESET", "the changes of groups do not come to rest");
}

async function describe(reading: Reading, changes: DeltaChanges, ids: readonly ObjectId[]): Promise<void> {
  const groups = await describeGroups(reading, ids, reading.call("reading groups that are new in scope"));
  for (const id of ids) {
    const group = groups.get(id);
    // Deleted again meanwhile, or too new for the server that was asked: the listings of a full read tell which.
    if (group === undefined) throw new AgentError("ERR_DELTA_RESET", `the new group ${id} is not to be found`);
    changes.forest.describe(group);
  }
}

async function listMembers(reading: Reading, group: ObjectId): Promise<readonly DirectoryMember[]> {
  const { limits, properties } = reading;
  const call = reading.call(`reading the members of group ${group}`);
  const members: DirectoryMember[] = [];
  try {
    for await (const page of readPages(reading.client, membersPath(group, properties), call, limits.pages)) {
      for (const item of page.items) members.push(parseMember(item, properties, call.what));
      if (members.length > limits.changes) {
        throw new AgentError("ERR_DELTA_RESET", `group ${group} has more than ${limits.changes} members to list`);
      }
    }
  } catch (error) {
    if (!isStaleLink(error)) throw error;
    throw new AgentError("ERR_DELTA_RESET", `group ${group} went while it was being listed`, { cause: error });
  }
  return members;
}

interface PeopleChanges {
  readonly users: readonly DirectoryUser[];
  readonly deleted: readonly ObjectId[];
  readonly restored: readonly ObjectId[];
  readonly unresolved: ObjectId[];
  readonly again: Record<ObjectId, number>;
}

/** Looks up members that the mirror does not know and people of whom changes say two things. */
async function settlePeople(reading: Reading, changes: DeltaChanges, cursor: Cursor): Promise<PeopleChanges> {
  const { alive, deleted, doubtful, removed, forest } = changes;
  const added = [...forest.pairs.values()].flatMap(({ added }) =>
    [...added].flatMap(([member, kind]) => (kind === "user" ? [member] : [])),
  );
  const known = reading.mirror.known(added);
  const strangers = new Set(added.filter((id) => !known.has(id)));
  const listed = [...forest.relisted.values()].flatMap((members) =>
    members.flatMap((member) => (member.kind === "user" ? [member.user.id] : [])),
  );
  // Whoever is taken for deleted and comes to a group may have been restored without being told of.
  const back = added.filter((id) => removed.has(id));
  const wanted = new Set([...strangers, ...doubtful, ...back, ...listed.filter((id) => deleted.has(id))]);
  const waiting = cursor.again ?? {};
  for (const id of Object.keys(waiting)) wanted.add(id);
  const found = await lookUp(reading, [...wanted], reading.properties, reading.call("looking up new members"));
  const unresolved = new Set(cursor.unresolved);
  const again: Record<ObjectId, number> = {};
  for (const id of wanted) {
    const user = found.get(id);
    if (user === undefined) {
      alive.delete(id);
      deleted.add(id);
      if (strangers.has(id)) unresolved.add(id);
      // Whoever is new, or of whom changes say two things, may be there and not found yet.
      const before = strangers.has(id) ? undefined : waiting[id];
      const left = before === undefined ? LOOKUPS : before - 1;
      if (left > 0) again[id] = left;
    } else if (removed.get(id) === true) {
      throw restoredUnseen(id);
    } else {
      alive.set(id, user);
      deleted.delete(id);
      unresolved.delete(id);
    }
  }
  const restored = [...new Set([...alive.keys(), ...listed])].filter((id) => !deleted.has(id));
  return {
    users: [...alive.values()],
    deleted: [...deleted],
    restored,
    unresolved: [...unresolved],
    again,
  };
}
