/**
 * Reads every group in scope and everybody in them, page by page into the mirror's stage. A read that is cut goes on where it was; only a whole
 * one is published. Delta links are taken before anything is listed, so what changes meanwhile comes with the next changes.
 */
import { AgentError } from "../errors.ts";
import type { ObjectId } from "../model/directory.ts";
import { getBatchLoosely } from "./batch.ts";
import {
  type Cursor,
  goneBefore,
  type Progress,
  parseCursor,
  parseProgress,
  readsBefore,
  removedBefore,
  type Stream,
  toText,
  usersBefore,
  VERSION,
  wasWary,
} from "./cursor.ts";
import { type Links, openStreams, openUsers } from "./delta-links.ts";
import { idOf, isRemoval, parseMember } from "./entries.ts";
import { isRefusal } from "./graph-errors.ts";
import { describeGroups } from "./names.ts";
import { isReset, isStaleLink, readPages } from "./pages.ts";
import { inParallel } from "./parallel.ts";
import { lookUp } from "./people.ts";
import { membersPath, type Reading, stretchGuard } from "./reader.ts";
import { refuseHidden, refuseRenamed, resolveGroup } from "./scope.ts";
import { scopedGroups } from "./tree.ts";

/** A cut read that is older is begun anew: what it has staged may no longer be so; ms. */
const STALE_AFTER = 6 * 3_600_000;

export interface FullRead {
  /** That was published; null where the tenant has no delta. */
  readonly cursor: Cursor | null;
  /**
   * People who are there and in no list, and were deleted before: restored after their groups were listed without them, perhaps. They are
   * still taken for deleted; a read that begins now can tell.
   */
  readonly back: readonly ObjectId[];
}

/** Reads and publishes. `alive`: the `back` of a read that has just ended. */
export async function readFull(reading: Reading, alive: readonly ObjectId[] = []): Promise<FullRead> {
  const { mirror } = reading;
  const before = mirror.progress;
  try {
    return await readOrGoOn(reading, alive);
  } catch (error) {
    // What will fail again is not worth keeping; what a later try may mend is gone on with.
    const gotOn = mirror.progress !== before;
    if (error instanceof AgentError && error.retryable && (gotOn || !isStuck(reading, error))) mirror.keepStaged();
    else mirror.restage();
    throw error;
  }
}

/** Whether a read that got no further stands in the way of the changes, which may be well. */
function isStuck({ mirror, key }: Reading, { code }: AgentError): boolean {
  const lastsMaybe = code === "ERR_GRAPH_REFUSED" || code === "ERR_GRAPH_INCOMPLETE";
  return lastsMaybe && parseCursor(mirror.cursor?.value ?? null, key) !== null;
}

async function readOrGoOn(reading: Reading, alive: readonly ObjectId[]): Promise<FullRead> {
  const { mirror, logger } = reading;
  const earlier = parseProgress(mirror.progress, reading.key);
  const resumed = earlier !== null && reading.now() - earlier.startedAt < STALE_AFTER ? earlier : null;
  try {
    if (resumed === null) return await readAndPublish(reading, await begin(reading, alive));
    logger.info("going on with the full read of {at}", { at: new Date(resumed.startedAt).toISOString() });
    // Whoever is there now may have been deleted while groups were listed, and the changes will tell of the end only.
    const { gone } = await toldOf(reading, resumed.delta?.users ?? null);
    for (const id of gone) resumed.removed.set(id, true);
    return await readAndPublish(reading, resumed);
  } catch (error) {
    if (!isReset(error) && (resumed === null || !isStaleLink(error))) throw error;
    logger.info("the full read cannot go on: reading everything from the start");
    return await readAndPublish(reading, await begin(reading, alive));
  }
}

async function begin(reading: Reading, alive: readonly ObjectId[]): Promise<Progress> {
  reading.mirror.restage();
  const { scope } = reading;
  const before = reading.mirror.cursor?.value ?? null;
  const call = reading.call("looking for the groups in scope");
  const parent = await resolveGroup(reading.client, scope.parentGroup, call);
  const others = await Promise.all(scope.others.map((ref) => resolveGroup(reading.client, ref, call)));
  const users = await openUsers(reading).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    reading.logger.warn("the tenant gives no changes of users by delta: the next cycle reads everything again");
    return null;
  });
  const nodes = [parent, ...others].map(
    ({ id, displayName, visibility }) => [id, { displayName, visibility, children: new Set<ObjectId>() }] as const,
  );
  const gone = goneBefore(before);
  const delta = users === null ? null : { users, streams: await openGone(reading, gone) };
  const removed = removedBefore(before);
  for (const id of alive) removed.delete(id);
  // Listings leave the deleted out: somebody who came and was deleted meanwhile would be a stranger when they come back.
  const told = await toldOf(reading, usersBefore(before));
  for (const id of told.gone) removed.set(id, true);
  for (const id of told.there) if (removed.has(id)) removed.set(id, false);
  return {
    version: VERSION,
    key: reading.key,
    startedAt: reading.now(),
    delta,
    gone: await stillGone(reading, gone),
    removed,
    unsure: [],
    wary: !wasWary(before),
    reads: readsBefore(before) + 1,
    parent: parent.id,
    others: [...new Set(others.map((group) => group.id))].filter((id) => id !== parent.id),
    nodes: new Map(nodes),
    done: [],
    open: {},
  };
}

/**
 * Who was deleted and who is there since `users` was the place in the changes, without going on from there; nobody is both. As far as it can
 * be told: a place that is lost, or bad for good, may be why everything is read again.
 */
async function toldOf(
  reading: Reading,
  users: string | null,
): Promise<{ readonly gone: ReadonlySet<ObjectId>; readonly there: ReadonlySet<ObjectId> }> {
  const gone = new Set<ObjectId>();
  const there = new Set<ObjectId>();
  if (users === null) return { gone, there };
  const cycle = reading.call("reading who was deleted");
  const until = reading.now() + reading.limits.deltaTime;
  const call = { ...cycle, deadline: cycle.deadline === null ? until : Math.min(until, cycle.deadline) };
  const guard = stretchGuard(reading);
  try {
    for await (const page of readPages(reading.client, users, call, reading.limits.pages)) {
      guard();
      for (const entry of page.items) (isRemoval(entry) ? gone : there).add(idOf(entry, call.what));
    }
    return { gone, there: there.difference(gone) };
  } catch (error) {
    if (!(error instanceof AgentError) || call.signal.aborted) throw error;
    reading.logger.info("who was deleted lately cannot be told: {message}", { message: error.message });
    return { gone, there: new Set() };
  }
}

/** Those of the deleted groups that are not there again: those who are will be found by the listings that begin now. */
async function stillGone(reading: Reading, gone: readonly ObjectId[]): Promise<ObjectId[]> {
  if (gone.length === 0) return [];
  const paths = gone.map((id) => `/groups/${encodeURIComponent(id)}?$select=id`);
  const call = reading.call("looking for deleted groups");
  // Where batches are refused, all of them are watched on.
  const answers = await getBatchLoosely(reading.client, paths, call, reading).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    return [];
  });
  return gone.filter((_, index) => answers[index]?.status !== 200);
}

/** Where restores of deleted groups will show. That there is no delta of groups shows when those in scope are opened. */
async function openGone(reading: Reading, gone: readonly ObjectId[]): Promise<Stream[]> {
  return await openStreams(reading, gone).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    return [];
  });
}

async function readAndPublish(reading: Reading, progress: Progress): Promise<FullRead> {
  const { mirror } = reading;
  // Level by level: the groups found in one are the next, until none is new.
  for (let level = unlisted(progress); level.length > 0; level = unlisted(progress)) {
    await openLevel(reading, progress, level);
    await inParallel(level, reading.limits.groupsAtOnce, (id, signal) => listGroup(reading, progress, id, signal));
  }
  await rename(reading, progress);
  const vanished = mirror.vanished();
  const call = reading.call("looking for people who are in no group any more");
  const found = await lookUp(reading, vanished, ["id"], call);
  const { parent, others, nodes, delta, removed } = progress;
  // Who was deleted and is there again has not left: the groups were listed before that.
  const back = vanished.filter((id) => found.has(id) && removed.has(id));
  const deleted = vanished.filter((id) => !found.has(id) || removed.has(id));
  for (const [id, deletedYet] of removed) if (!deletedYet) removed.delete(id);
  for (const id of deleted) removed.set(id, true);
  const cursor: Cursor | null = delta === null ? null : { ...cursorOf(reading, progress), ...delta };
  mirror.publishFull({
    groups: scopedGroups({ parent, others }, nodes),
    deleted,
    cursor: cursor === null ? null : { value: toText(cursor) },
  });
  return { cursor, back };
}

/** The lists name groups before their changes are tracked: what was renamed in between is told by neither. */
async function rename(reading: Reading, { delta, nodes, parent, others }: Progress): Promise<void> {
  if (delta === null) return;
  const groups = await describeGroups(reading, [...nodes.keys()], reading.call("reading the names of groups"));
  for (const [id, { displayName, visibility }] of groups) {
    const node = nodes.get(id);
    if (node === undefined || displayName === node.displayName) continue;
    if (id === parent || others.includes(id)) refuseRenamed(reading.scope, id, node.displayName);
    nodes.set(id, { ...node, displayName, visibility });
  }
}

function cursorOf(reading: Reading, progress: Progress): Omit<Cursor, keyof Links> {
  const { version, key, parent, others, nodes, removed, unsure, wary, reads = 1, gone } = progress;
  const listedAt = reading.now();
  // Whether Graph takes delta in a batch is tried anew: what was found once may have passed.
  const doubts = { removed, unsure, wary, reads, gone, listedAt };
  return { version, key, batch: true, parent, others, nodes, ...doubts, unresolved: [] };
}

function unlisted(progress: Progress): ObjectId[] {
  const done = new Set(progress.done);
  return [...progress.nodes.keys()].filter((id) => !done.has(id));
}

/** A group's changes are tracked from before its members are listed. */
async function openLevel(reading: Reading, progress: Progress, level: readonly ObjectId[]): Promise<void> {
  if (progress.delta === null) return;
  const tracked = new Set(progress.delta.streams.flatMap((stream) => stream.ids));
  try {
    const streams = await openStreams(
      reading,
      level.filter((id) => !tracked.has(id)),
    );
    progress.delta.streams.push(...streams);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    reading.logger.warn("the tenant gives no changes of groups by delta: the next cycle reads everything again");
    progress.delta = null;
  }
}

async function listGroup(reading: Reading, progress: Progress, group: ObjectId, signal: AbortSignal): Promise<void> {
  const call = reading.call(`reading the members of group ${group}`, signal);
  const path = progress.open[group] ?? membersPath(group, reading.properties);
  for await (const page of readPages(reading.client, path, call, reading.limits.pages)) {
    const members = page.items.map((item) => parseMember(item, reading.properties, call.what));
    const children = new Set(progress.nodes.get(group)?.children);
    for (const member of members) {
      if (member.kind === "user") foundAgain(progress, member.user.id);
      if (member.kind !== "group") continue;
      const { id, displayName, visibility } = refuseHidden(member.group);
      children.add(id);
      if (!progress.nodes.has(id)) progress.nodes.set(id, { displayName, visibility, children: new Set() });
    }
    const node = progress.nodes.get(group);
    if (node !== undefined) progress.nodes.set(group, { ...node, children });
    if (page.next === null) {
      delete progress.open[group];
      progress.done.push(group);
    } else {
      progress.open[group] = page.next;
    }
    reading.mirror.stagePage(group, members, toText(progress));
    reading.listed(members.length);
  }
}

/** Whoever was deleted and is listed: groups that were listed before may have left them out. */
function foundAgain(progress: Progress, id: ObjectId): void {
  if (progress.removed.get(id) === true) progress.unsure.push(id);
  progress.removed.delete(id);
}
