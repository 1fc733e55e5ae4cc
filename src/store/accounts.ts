/** Accounts at the target: the truth for the ledger, a local copy for a remote licence system. */
import type { AccountStore, AccountWriter } from "../cycle/store-ports.ts";
import { addressKey, type ObjectId } from "../model/directory.ts";
import type { Account } from "../model/person.ts";
import type { Database, Row } from "./database.ts";

/** Columns that `readAccount` understands, of an `account` joined as `a`. */
export const ACCOUNT_COLUMNS = `a.id AS account, a.address AS account_address, a.profile AS account_profile, a.tier AS account_tier,
  a.revoked_at, a.purged_at, a.adopted`;

/** The account in a row, if there is one. */
export function readAccount(row: Row, boundTo: ObjectId | null): Account | null {
  if (row["account"] === null || row["account"] === undefined) return null;
  return {
    key: row["account"] as number,
    boundTo,
    address: row["account_address"] as string,
    tier: row["account_tier"] as string | null,
    profile: row["account_profile"] as string | null,
    revokedAt: row["revoked_at"] as number | null,
    purgedAt: row["purged_at"] as number | null,
    adopted: row["adopted"] === 1,
  };
}

export function createAccountStore(database: Database, tenant: number): AccountStore & AccountWriter {
  const one = (where: string, value: number): Account | null => {
    const row = database.get(
      `SELECT ${ACCOUNT_COLUMNS}, p.object_id FROM account a LEFT JOIN person p ON p.id=a.person WHERE ${where}`,
      value,
    );
    return row === undefined ? null : readAccount(row, row["object_id"] as string | null);
  };
  return {
    usage: () =>
      new Map(
        database
          .all("SELECT tier, count(*) AS people FROM account WHERE tenant=? AND tier IS NOT NULL GROUP BY tier", tenant)
          .map((row) => [row["tier"] as string, row["people"] as number]),
      ),
    count: () => database.get("SELECT count(*) AS n FROM account WHERE tenant=?", tenant)?.["n"] as number,
    unbound: (addressKeys) =>
      database
        .all(
          `SELECT ${ACCOUNT_COLUMNS} FROM json_each(?) k JOIN account a ON a.address_key=k.value AND a.tenant=? WHERE a.person IS NULL`,
          JSON.stringify(addressKeys),
          tenant,
        )
        .map((row) => readAccount(row, null) as Account),
    of: (person) => one("a.person=?", person),
    byKey: (key) => one("a.id=?", key),
    create: ({ person, address, profile, remoteId }) =>
      database.run(
        "INSERT INTO account (tenant, person, address, address_key, profile, remote_id) VALUES (?, ?, ?, ?, ?, ?)",
        tenant,
        person,
        address,
        addressKey(address),
        JSON.stringify(profile),
        remoteId,
      ).lastInsertRowid,
    unbind: (key) => void database.run("UPDATE account SET person=NULL WHERE id=?", key),
    bind: (key, person) => void database.run("UPDATE account SET person=?, adopted=1 WHERE id=?", person, key),
    update: (key, { address, profile }) =>
      void database.run(
        "UPDATE account SET address=?, address_key=?, profile=? WHERE id=?",
        address,
        addressKey(address),
        JSON.stringify(profile),
        key,
      ),
    // A licence given again ends what a revoke began.
    setTier: (key, tier) =>
      void database.run("UPDATE account SET tier=?, revoked_at=NULL, purged_at=NULL WHERE id=?", tier, key),
    revoke: (key, at) =>
      void database.run("UPDATE account SET tier=NULL, revoked_at=?, purged_at=NULL WHERE id=?", at, key),
    purge: (key, person, at) => {
      database.run("DELETE FROM event WHERE person=?", person);
      database.run("UPDATE account SET purged_at=? WHERE id=?", at, key);
    },
  };
}
