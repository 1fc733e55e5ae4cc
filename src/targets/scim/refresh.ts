/** Brings the local copy in line with the service: whole at first and now and then, else only where an answer was lost. */
import type { ObjectId } from "../../model/directory.ts";
import type { SeenAccount } from "../../model/remote-account.ts";
import type { Connection } from "./connection.ts";
import { isRecord, unreachable } from "./errors.ts";
import { createFinder } from "./find-user.ts";
import { readList } from "./list.ts";
import { sideBySide } from "./side-by-side.ts";
import type { TierGroups } from "./tier-groups.ts";
import { createUsers } from "./users.ts";

const DAY = 24 * 60 * 60 * 1000;
const READING = "reading the accounts of the licence system";
/** Accounts that the list lacks and that are asked for one by one before they count as gone. */
const DOUBTS = 100;
/** Lost answers up to which people are asked for one by one. */
const SINGLY = 200;

export async function refreshCopy(
  connection: Connection,
  groups: TierGroups | null,
  unsettled: readonly ObjectId[],
  signal: AbortSignal,
  whole: boolean,
): Promise<void> {
  const { options, learnt } = connection;
  const { url, tierAs, tiers, remote, clock } = options;
  const what = JSON.stringify({ url, tierAs, tiers });
  const last = remote.lastRead();
  const due = last === null || last.what !== what || clock.now() - last.at >= (options.reconcileEvery ?? DAY);
  if (due || whole || learnt.readAgain || unsettled.length > SINGLY) {
    await readWhole(connection, groups, new Set(unsettled), what, signal);
  } else if (unsettled.length > 0) {
    await readPeople(connection, groups, unsettled, signal);
    // Without filters only the whole list tells who is there.
    if (learnt.readAgain) await readWhole(connection, groups, new Set(unsettled), what, signal);
  }
  options.transaction(() => remote.bindKnown());
}

async function readWhole(
  connection: Connection,
  groups: TierGroups | null,
  own: ReadonlySet<ObjectId>,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const { options, learnt } = connection;
  const { remote, clock, tierAs } = options;
  const last = remote.lastRead();
  const fresh = last === null || urlOf(last.what) !== options.url;
  const service = await connection.service(signal);
  await groups?.read(signal);
  const attributes = ["externalId", "userName", "emails", "active", "meta", ...(tierAs === "groups" ? [] : [tierAs])];
  const request = { path: service.users, select: `attributes=${attributes.join(",")}`, what: READING };
  const listed = await readList(connection, service, request, connection.read, signal);
  const seen = new Map<string, SeenAccount>(listed);

  const missing = fresh ? [] : remote.missing(new Set(seen.keys()));
  const users = createUsers(connection, service, signal);
  await sideBySide(missing.slice(0, DOUBTS), async (remoteId) => {
    const account = connection.read((await users.get(remoteId, READING))?.user ?? {});
    if (account !== null) seen.set(account.remoteId, account);
  });
  if (missing.length > DOUBTS && seen.size > listed.size) {
    throw unreachable(`${READING}: the list lacks ${missing.length} accounts, and some of them are there`);
  }

  const at = clock.now();
  const unlike = !fresh && last.what !== what;
  const leave = options.onDrift === "report";
  const drifts = options.transaction(() => {
    const found = remote.replaceAll([...seen.values()], { what, at, fresh, unlike, own, leave });
    for (const drift of found) options.drift?.(drift);
    return found;
  });
  learnt.readAgain = false;
  options.logger.info("{accounts} accounts read from the licence system", { accounts: seen.size });
  for (const { user, expected, found, gone } of drifts) {
    options.logger.warn("somebody changed a licence in the licence system by hand", { user, expected, found, gone });
  }
}

/** What became of the people whose answers were lost: their changes are the agent's own. */
async function readPeople(
  connection: Connection,
  groups: TierGroups | null,
  people: readonly ObjectId[],
  signal: AbortSignal,
): Promise<void> {
  const { remote, transaction } = connection.options;
  const service = await connection.service(signal);
  const users = createUsers(connection, service, signal);
  const find = createFinder(connection, service, signal);
  await groups?.read(signal);
  const own = new Set(people);
  await sideBySide(people, async (user) => {
    const account = remote.of(user);
    if (account === null) {
      const found = await find({ externalId: user });
      if (found !== null) transaction(() => remote.see(found, { own, leave: false }));
      return;
    }
    const current = await users.get(account.remoteId, READING);
    const seen = current === null ? null : connection.read(current.user);
    transaction(() => {
      if (seen !== null) remote.see(seen, { own, leave: false });
      // A purge whose answer was lost is done again, so that its record is made and the event logs go.
      else if (!account.purgeOpen) remote.remove(account.key);
    });
  });
}

function urlOf(what: string): unknown {
  try {
    const value: unknown = JSON.parse(what);
    return isRecord(value) ? value["url"] : null;
  } catch {
    return null;
  }
}
