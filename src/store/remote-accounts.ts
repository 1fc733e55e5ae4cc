/** The local copy of a remote licence system: every account there, whose it is, and what others changed. */
import type { RemoteAccountStore, Sighting } from "../cycle/account-ports.ts";
import { addressKey } from "../model/directory.ts";
import type { Drift, RemoteAccount, SeenAccount } from "../model/remote-account.ts";
import type { Database, Row, SqlValue } from "./database.ts";
import { markDirty } from "./dirty.ts";
import type { Tally } from "./tally.ts";

const ROW = `SELECT a.*, p.object_id, d.state FROM account a LEFT JOIN person p ON p.id=a.person LEFT JOIN decision d ON d.person=a.person`;
/** States in which the agent answers for a person's tier. */
const ANSWERED = ["licensed", "waiting", "unlicensed"];

export function createRemoteAccounts(database: Database, tenant: number, tally: Tally): RemoteAccountStore {
  const one = (where: string, ...values: SqlValue[]): RemoteAccount | null => {
    const row = database.get(`${ROW} WHERE a.tenant=? AND a.remote_id IS NOT NULL AND ${where}`, tenant, ...values);
    return row === undefined ? null : readRemote(row);
  };
  const remove = (key: number): void => {
    database.run("DELETE FROM alias WHERE account=?", key);
    tally.forget();
    const [row] = database.all("DELETE FROM account WHERE id=? RETURNING person", key);
    const person = row?.["person"] as number | null | undefined;
    if (person) markDirty(database, tenant, [person]);
  };
  const setAliases = (key: number, { userName, emails }: SeenAccount): void => {
    database.run("DELETE FROM alias WHERE account=?", key);
    addAlias(database, tenant, key, userName, 0);
    for (const email of emails) addAlias(database, tenant, key, email, 1);
  };

  const setAddress = (key: number, { emails, userName }: SeenAccount): void => {
    const address = emails[0] ?? userName;
    database.run("UPDATE account SET address=?, address_key=? WHERE id=?", address, addressKey(address), key);
  };
  /** Whether a name or an address was sent, and nobody knows whether it arrived. */
  const isRenamed = (user: string, { own }: Sighting): boolean =>
    own.has(user) &&
    database.get("SELECT 1 FROM intent WHERE tenant=? AND user=? AND kind='update'", tenant, user) !== undefined;

  const insert = (seen: SeenAccount): number => {
    tally.forget();
    const address = seen.emails[0] ?? seen.userName;
    const key = database.run(
      `INSERT INTO account (tenant, address, address_key, tier, remote_id, remote_version, external_id, inactive, irregular)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[tenant, address, addressKey(address), seen.tiers[0] ?? null, seen.remoteId, seen.version, seen.externalId],
      ...[seen.active ? 0 : 1, isIrregular(seen) ? 1 : 0],
    ).lastInsertRowid;
    setAliases(key, seen);
    return key;
  };

  const update = (row: Row, seen: SeenAccount, sighting: Sighting): Drift | null => {
    const key = row["id"] as number;
    const person = row["person"] as number | null;
    const before = row["tier"] as string | null;
    // Of several tiers the highest counts, unless the agent's own change was cut in the middle: that is done again from where it was.
    const cut = before !== null && seen.tiers.includes(before) && sighting.own.has(row["object_id"] as string);
    const tier = cut ? before : (seen.tiers[0] ?? null);
    database.run(
      "UPDATE account SET remote_version=?, external_id=?, inactive=?, irregular=? WHERE id=?",
      ...[seen.version, seen.externalId, seen.active ? 0 : 1, isIrregular(seen) ? 1 : 0, key],
    );
    if (person === null) {
      setAddress(key, seen);
      setAliases(key, seen);
    } else if (isRenamed(row["object_id"] as string, sighting)) {
      setAddress(key, seen);
      // No profile that a plan makes is like this one, whatever the person's own is by now.
      database.run("UPDATE account SET profile=json_set(profile, '$.unsure', json('true')) WHERE id=?", key);
      markDirty(database, tenant, [person]);
    }
    if (tier === before) return null;
    const drift = driftOf(row, tier, false, sighting);
    const overridden = drift !== null && sighting.leave ? (drift.expected ?? "") : null;
    // A licence given again ends what a revoke began.
    const ended = tier === null ? "" : ", revoked_at=NULL, purged_at=NULL";
    tally.forget();
    database.run(`UPDATE account SET tier=?, overridden=?${ended} WHERE id=?`, tier, overridden, key);
    if (person !== null) markDirty(database, tenant, [person]);
    return drift;
  };

  /** The account is another one, of the same person: what the agent wrote of the old one need not be there. */
  const move = (row: Row, seen: SeenAccount): void => {
    const key = row["id"] as number;
    markDirty(database, tenant, [row["person"] as number]);
    database.run(
      "UPDATE account SET remote_id=?, profile=json_set(profile, '$.unsure', json('true')) WHERE id=?",
      ...[seen.remoteId, key],
    );
    setAliases(key, seen);
  };

  const bindKnown = (): void => {
    const rows = database.all(
      `UPDATE OR IGNORE account SET adopted=1,
         person=(SELECT p.id FROM person p WHERE p.tenant=account.tenant AND p.object_id=account.external_id)
       WHERE tenant=? AND person IS NULL AND external_id IS NOT NULL
         AND EXISTS (SELECT 1 FROM person p WHERE p.tenant=account.tenant AND p.object_id=account.external_id) RETURNING person`,
      tenant,
    );
    const people = rows.map((row) => row["person"] as number);
    markDirty(database, tenant, people);
  };

  return {
    lastRead: () => {
      const row = database.get("SELECT target, target_read_at FROM tenant WHERE id=?", tenant);
      const what = (row?.["target"] as string | null | undefined) ?? null;
      return what === null ? null : { what, at: row?.["target_read_at"] as number };
    },
    forget: () => void database.run("UPDATE tenant SET target=NULL, target_read_at=NULL WHERE id=?", tenant),
    of: (user) => one("a.person=(SELECT id FROM person WHERE tenant=? AND object_id=?)", tenant, user),
    byKey: (key) => one("a.id=?", key),
    byRemoteId: (remoteId) => one("a.remote_id=?", remoteId),
    missing: (remoteIds) =>
      database
        .all("SELECT remote_id FROM account WHERE tenant=? AND person IS NOT NULL AND remote_id IS NOT NULL", tenant)
        .map((row) => row["remote_id"] as string)
        .filter((id) => !remoteIds.has(id)),
    replaceAll: (seen, reading) =>
      database.transaction(() => {
        tally.forget();
        const sighting = reading.unlike || reading.fresh ? { ...reading, leave: false } : reading;
        const rows = database.all(`${ROW} WHERE a.tenant=?`, tenant);
        const { same, moved } = pairs(rows, seen, reading.fresh);
        const drifts: (Drift | null)[] = [];
        for (const row of rows) {
          if (moved.has(row)) database.run("UPDATE account SET remote_id=NULL WHERE id=?", row["id"] as number);
          // What is still to be purged stays until it was: that it is gone already must not keep its event logs.
          else if (!same.has(row) && (reading.fresh || !isPurgeOpen(row))) {
            remove(row["id"] as number);
            drifts.push(driftOf(row, null, true, sighting));
          }
        }
        const rowOf = new Map([...same, ...moved].map(([row, account]) => [account, row]));
        for (const account of seen) {
          const row = rowOf.get(account);
          if (row !== undefined && moved.has(row)) move(row, account);
          if (row === undefined) insert(account);
          else drifts.push(update(row, account, sighting));
        }
        bindKnown();
        if (reading.fresh || reading.unlike) database.run("UPDATE tenant SET all_dirty=1 WHERE id=?", tenant);
        database.run("UPDATE tenant SET target=?, target_read_at=? WHERE id=?", reading.what, reading.at, tenant);
        return reading.fresh || reading.unlike ? [] : drifts.filter((drift) => drift !== null);
      }),
    see: (seen, sighting) => {
      const row = database.get(`${ROW} WHERE a.tenant=? AND a.remote_id=?`, tenant, seen.remoteId);
      if (row === undefined) return { key: insert(seen), drift: null };
      return { key: row["id"] as number, drift: update(row, seen, sighting) };
    },
    alias: (key, address) => addAlias(database, tenant, key, address, 0),
    wrote: (key, { version, regular, externalId, active }) => {
      database.run("UPDATE account SET remote_version=? WHERE id=?", version, key);
      if (regular === true) database.run("UPDATE account SET irregular=0 WHERE id=?", key);
      if (externalId !== undefined) database.run("UPDATE account SET external_id=? WHERE id=?", externalId, key);
      if (active !== undefined) database.run("UPDATE account SET inactive=? WHERE id=?", active ? 0 : 1, key);
    },
    remove,
    bindKnown,
  };
}

function addAlias(database: Database, tenant: number, key: number, address: string, rank: number): void {
  database.run("INSERT OR IGNORE INTO alias VALUES (?, ?, ?, ?)", key, tenant, addressKey(address), rank);
}

/**
 * Which row is which account. `same`: by its id. `moved`: somebody's whose account is not there under the id known, and who has one under
 * another id; ids of another system say nothing. A row that is nobody's gives way to that.
 */
function pairs(rows: readonly Row[], seen: readonly SeenAccount[], fresh: boolean) {
  const same = new Map<Row, SeenAccount>();
  const moved = new Map<Row, SeenAccount>();
  const byId = new Map(fresh ? [] : rows.map((row) => [row["remote_id"] as string | null, row]));
  const listed = new Set(fresh ? [] : seen.map(({ remoteId }) => remoteId));
  const missed = new Map(
    rows.flatMap((row) => {
      const there = listed.has(row["remote_id"] as string);
      return row["object_id"] === null || there ? [] : [[row["object_id"] as string | null, row] as const];
    }),
  );
  for (const account of seen) {
    const row = byId.get(account.remoteId);
    const owner = row === undefined || row["person"] === null ? missed.get(account.externalId) : undefined;
    if (owner !== undefined) {
      moved.set(owner, account);
      missed.delete(account.externalId);
    } else if (row !== undefined) same.set(row, account);
  }
  return { same, moved };
}

function isIrregular({ tiers, irregular }: SeenAccount): boolean {
  return irregular || tiers.length > 1;
}

function isPurgeOpen(row: Row): boolean {
  return row["person"] !== null && row["revoked_at"] !== null && row["purged_at"] === null;
}

/** What the agent had given counts, also where somebody changed it before and was let. */
function driftOf(row: Row, found: string | null, gone: boolean, { own }: Sighting): Drift | null {
  const user = row["object_id"] as string | null;
  if (user === null || own.has(user) || !ANSWERED.includes(row["state"] as string)) return null;
  const overridden = row["overridden"] as string | null;
  const expected = overridden === null ? (row["tier"] as string | null) : overridden || null;
  return !gone && expected === found ? null : { user, expected, found, gone };
}

function readRemote(row: Row): RemoteAccount {
  return {
    key: row["id"] as number,
    person: row["person"] as number | null,
    remoteId: row["remote_id"] as string,
    version: row["remote_version"] as string | null,
    externalId: row["external_id"] as string | null,
    tier: row["tier"] as string | null,
    active: row["inactive"] === 0,
    irregular: row["irregular"] === 1,
    purgeOpen: isPurgeOpen(row),
  };
}
