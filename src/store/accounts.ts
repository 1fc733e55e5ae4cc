/** Accounts at the target: the truth for the ledger, a local copy for a remote licence system. */
import type { AccountStore, AccountWriter } from "../cycle/account-ports.ts";
import { addressKey, type ObjectId, type Profile } from "../model/directory.ts";
import type { Account } from "../model/person.ts";
import type { Database, Row } from "./database.ts";
import type { Tally } from "./tally.ts";

/** Columns that `readAccount` understands, of an `account` joined as `a`. */
export const ACCOUNT_COLUMNS = `a.id AS account, a.address AS account_address, a.profile AS account_profile, a.tier AS account_tier,
  a.revoked_at, a.purged_at, a.adopted, a.overridden`;

/** The account in a row, if there is one. */
export function readAccount(row: Row, boundTo: ObjectId | null): Account | null {
  if (row["account"] === null || row["account"] === undefined) return null;
  const overridden = row["overridden"] as string | null;
  return {
    key: row["account"] as number,
    boundTo,
    address: row["account_address"] as string,
    tier: row["account_tier"] as string | null,
    profile: row["account_profile"] as string | null,
    revokedAt: row["revoked_at"] as number | null,
    purgedAt: row["purged_at"] as number | null,
    adopted: row["adopted"] === 1,
    ...(overridden === null ? {} : { overridden: { tier: overridden === "" ? null : overridden } }),
  };
}

export function createAccountStore(database: Database, tenant: number, tally: Tally): AccountStore & AccountWriter {
  const one = (where: string, value: number): Account | null => {
    const row = database.get(
      `SELECT ${ACCOUNT_COLUMNS}, p.object_id FROM account a LEFT JOIN person p ON p.id=a.person WHERE ${where}`,
      value,
    );
    return row === undefined ? null : readAccount(row, row["object_id"] as string | null);
  };
  const keyOf = (person: number): number =>
    database.get("SELECT id FROM account WHERE person=?", person)?.["id"] as number;
  const hold = (key: number, tier: string | null, revokedAt: number | null): void => {
    const before = database.get("SELECT tier FROM account WHERE id=?", key)?.["tier"] as string | null;
    database.run(
      "UPDATE account SET tier=?, revoked_at=?, purged_at=NULL, overridden=NULL WHERE id=?",
      tier,
      revokedAt,
      key,
    );
    tally.moved(before, tier);
  };
  return {
    usage: () => tally.used(),
    count: () => tally.accounts(),
    hasUnbound: () =>
      database.get("SELECT 1 FROM account WHERE tenant=? AND person IS NULL LIMIT 1", tenant) !== undefined,
    unbound: (addressKeys, userNames) => findUnbound(database, tenant, addressKeys, userNames ?? new Map()),
    of: (person) => one("a.person=?", person),
    byKey: (key) => one("a.id=?", key),
    create: ({ person, address, profile, remoteId, tier = null }) => {
      const { changes, lastInsertRowid } = database.run(
        `INSERT INTO account (tenant, person, address, address_key, profile, tier, remote_id) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (person) WHERE person IS NOT NULL DO NOTHING`,
        tenant,
        person,
        address,
        addressKey(address),
        profileText(profile),
        tier,
        remoteId,
      );
      if (changes > 0) tally.moved(undefined, tier);
      return changes > 0 ? { key: lastInsertRowid, created: true } : { key: keyOf(person), created: false };
    },
    unbind: (key) => void database.run("UPDATE account SET person=NULL WHERE id=?", key),
    bind: (key, person) => void database.run("UPDATE account SET person=?, adopted=1 WHERE id=?", person, key),
    update: (key, { address, profile }) =>
      void database.run(
        "UPDATE account SET address=?, address_key=?, profile=? WHERE id=?",
        address,
        addressKey(address),
        profileText(profile),
        key,
      ),
    // A licence given again ends what a revoke began.
    setTier: (key, tier) => hold(key, tier, null),
    revoke: (key, at) => hold(key, null, at),
    purge: (key, person, at) => {
      database.run("DELETE FROM event WHERE person=?", person);
      database.run("UPDATE account SET purged_at=? WHERE id=?", at, key);
    },
  };
}

function profileText(profile: Profile | string): string {
  return typeof profile === "string" ? profile : JSON.stringify(profile);
}

const OBJECT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Those found by user name, else those found by e-mail address, and each account for the one it fits best. */
function findUnbound(
  database: Database,
  tenant: number,
  addressKeys: readonly string[],
  userNames: ReadonlyMap<string, string>,
): readonly Account[] {
  const lookups = addressKeys.flatMap((wanted) => {
    const userName = userNames.get(wanted) ?? wanted;
    return userName === wanted
      ? [[wanted, wanted, 0]]
      : [
          [wanted, userName, 0],
          [wanted, wanted, 1],
        ];
  });
  const rows = database.all(
    `SELECT ${ACCOUNT_COLUMNS}, a.external_id, k.value->>0 AS wanted, 0 AS rank FROM json_each(?) k
       CROSS JOIN account a ON a.address_key=k.value->>1 AND a.tenant=? WHERE a.person IS NULL AND a.remote_id IS NULL AND k.value->>0=k.value->>1
     UNION ALL
     SELECT ${ACCOUNT_COLUMNS}, a.external_id, k.value->>0, CASE s.rank WHEN 0 THEN k.value->>2 ELSE 2 END FROM json_each(?) k
       CROSS JOIN alias s ON s.address_key=k.value->>1 AND s.tenant=? CROSS JOIN account a ON a.id=s.account WHERE a.person IS NULL
     ORDER BY rank, wanted, account`,
    JSON.stringify(lookups),
    tenant,
    JSON.stringify(lookups),
    tenant,
  );
  const bestRank = new Map<string, number>();
  const given = new Set<number>();
  return rows.flatMap((row) => {
    const wanted = row["wanted"] as string;
    const rank = row["rank"] as number;
    const key = row["account"] as number;
    if ((bestRank.get(wanted) ?? rank) < rank || given.has(key)) return [];
    bestRank.set(wanted, rank);
    given.add(key);
    const externalId = row["external_id"] as string | null;
    const owner = externalId !== null && OBJECT_ID.test(externalId) ? externalId : null;
    return [{ ...(readAccount(row, owner) as Account), address: wanted }];
  });
}
