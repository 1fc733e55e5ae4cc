/** Brings the local copy in line with the service: whole at first, now and then and when asked, else only where an answer was lost. */
import { DAY } from "../../model/days.ts";
import type { ObjectId } from "../../model/directory.ts";
import type { RemoteAccount, SeenAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import { AccountGone } from "./account-errors.ts";
import type { Connection } from "./connection.ts";
import { isFailure, isRecord, unreachable } from "./errors.ts";
import { createFinder } from "./find-user.ts";
import { readList } from "./list.ts";
import { sideBySide } from "./side-by-side.ts";
import { notFound } from "./still-answers.ts";
import type { TierGroups } from "./tier-groups.ts";
import { selectUsers } from "./user-read.ts";
import { createUsers } from "./users.ts";

const READING = "reading the accounts of the licence system";
/** Accounts that the list lacks and that are asked for one by one before they count as gone. */
const DOUBTS = 100;
/** Lost answers up to which people are asked for one by one. */
const SINGLY = 200;

/** Whether everything was read. */
export async function refreshCopy(
  connection: Connection,
  groups: TierGroups | null,
  { unsettled, now }: { readonly unsettled: readonly ObjectId[]; readonly now: number },
  signal: AbortSignal,
  whole: boolean,
): Promise<boolean> {
  const { options } = connection;
  const { url, tierAs, tiers, remote, clock } = options;
  const what = JSON.stringify({ url, tierAs, tiers });
  const last = remote.lastRead();
  const own = watchOwn(connection, unsettled, now);
  const due = last === null || last.what !== what || clock.now() - last.at >= (options.reconcileEvery ?? DAY);
  let everything = due || whole || unsettled.length > SINGLY;
  if (!everything && unsettled.length > 0) {
    await readPeople(connection, groups, own, signal).catch((error: unknown) => {
      // At one account a service may fail for ever: the others do not wait for it, and what it holds the list says.
      if (!isFailure(error)) throw error;
      everything = true;
    });
  }
  if (everything) await readWhole(connection, groups, own, what, signal);
  options.transaction(() => remote.bindKnown());
  return everything;
}

/** People whose answers were lost. */
interface OwnPeople {
  readonly users: ReadonlySet<ObjectId>;
  /** Before an account is taken into the copy. */
  seen(account: SeenAccount): void;
  /** After it, in the same transaction: what has become of it is the agent's own doing. */
  taken(user: ObjectId): void;
}

function watchOwn({ options: { remote, settled } }: Connection, unsettled: readonly ObjectId[], at: number): OwnPeople {
  const users = new Set(unsettled);
  const before = new Map<ObjectId, RemoteAccount | null>(unsettled.map((user) => [user, remote.of(user)]));
  const made = new Set<ObjectId>();
  return {
    users,
    seen: ({ externalId, remoteId }) => {
      if (externalId !== null && users.has(externalId) && remote.byRemoteId(remoteId) === null) made.add(externalId);
    },
    taken: (user) => {
      const was = before.get(user) ?? null;
      const is = remote.of(user);
      if (is === null || is.person === null || (was !== null && was.tier === is.tier)) return;
      before.set(user, is);
      settled?.({ user, person: is.person, account: is.key, before: was, now: is.tier, made: made.has(user), at });
    },
  };
}

async function readWhole(
  connection: Connection,
  groups: TierGroups | null,
  own: OwnPeople,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const { options } = connection;
  const { remote, clock, tierAs } = options;
  const last = remote.lastRead();
  const fresh = last === null || urlOf(last.what) !== options.url;
  const service = await connection.service(signal);
  const unlike = !fresh && last.what !== what;
  await groups?.read(signal, fresh || unlike ? new Map() : expectedTiers(connection, own));
  const request = { path: service.users, select: selectUsers(tierAs), what: READING };
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
  const leave = options.onDrift === "report";
  const drifts = options.transaction(() => {
    for (const account of seen.values()) own.seen(account);
    const found = remote.replaceAll([...seen.values()], { what, at, fresh, unlike, own: own.users, leave });
    // Another service, or other tiers: what differs says nothing about what was done.
    if (!fresh && !unlike) for (const user of own.users) own.taken(user);
    for (const drift of found) options.drift?.(drift);
    return found;
  });
  options.logger.info("{accounts} accounts read from the licence system", { accounts: seen.size });
  for (const { user, expected, found, gone } of drifts) {
    options.logger.warn("somebody changed a licence in the licence system by hand", { user, expected, found, gone });
  }
}

/** What became of the people whose answers were lost: their changes are the agent's own. */
async function readPeople(
  connection: Connection,
  groups: TierGroups | null,
  own: OwnPeople,
  signal: AbortSignal,
): Promise<void> {
  const { remote, transaction } = connection.options;
  const service = await connection.service(signal);
  const users = createUsers(connection, service, signal);
  const find = createFinder(connection, service, signal);
  await groups?.read(signal, expectedTiers(connection, own));
  const sighting = { own: own.users, leave: false };
  await sideBySide([...own.users], async (user) => {
    const account = remote.of(user);
    if (account === null) {
      const found = await find({ externalId: user });
      if (found === null) return;
      transaction(() => {
        own.seen(found);
        remote.see(found, sighting);
        remote.bindKnown();
        own.taken(user);
      });
      return;
    }
    const current = await users.get(account.remoteId, READING);
    const seen = current === null ? null : connection.read(current.user);
    if (seen === null) {
      const error = await notFound(connection, service, READING, signal);
      if (!(error instanceof AccountGone)) throw error;
    }
    transaction(() => {
      if (seen !== null) {
        remote.see(seen, sighting);
        own.taken(user);
        return;
      }
      // A purge whose answer was lost is done again, so that its record is made and the event logs go.
      if (!account.purgeOpen) remote.remove(account.key);
    });
  });
}

/** How many hold which tier for certain: not those whose tier may have been changed or taken. */
function expectedTiers({ options: { accounts, remote } }: Connection, own: OwnPeople): ReadonlyMap<TierName, number> {
  const expected = new Map(accounts.usage());
  for (const user of own.users) {
    const tier = remote.of(user)?.tier;
    if (tier) expected.set(tier, (expected.get(tier) ?? 0) - 1);
  }
  return expected;
}

function urlOf(what: string): unknown {
  try {
    const value: unknown = JSON.parse(what);
    return isRecord(value) ? value["url"] : null;
  } catch {
    return null;
  }
}
