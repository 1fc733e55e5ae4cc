/** All durable memory of one tenant, over the one database of the home folder. */
import type { TenantStore } from "../cycle/store-ports.ts";
import { AgentError } from "../errors.ts";
import { createAccountStore } from "./accounts.ts";
import { createContestStore } from "./contests.ts";
import type { Database } from "./database.ts";
import { createHoldStore } from "./holds.ts";
import { createIntentStore } from "./intents.ts";
import { createJournal } from "./journal.ts";
import { createOutbox } from "./outbox.ts";
import { createPeopleStore } from "./people.ts";
import { createRemoteAccounts } from "./remote-accounts.ts";
import { createTally } from "./tally.ts";

/**
 * The store of the tenant called `name`, whose directory is `directory` (tenant id or domain). A tenant that was renamed in the
 * configuration is found again by its directory; `configured` are all names that the configuration uses now.
 */
export function openTenantStore(
  database: Database,
  name: string,
  directory: string,
  configured: readonly string[] = [name],
): TenantStore {
  const tenant = tenantKey(database, name, directory.toLowerCase(), configured);
  const tally = createTally(database, tenant);
  return {
    name,
    people: createPeopleStore(database, tenant),
    accounts: createAccountStore(database, tenant, tally),
    remote: createRemoteAccounts(database, tenant, tally),
    journal: createJournal(database, tenant, name),
    contests: createContestStore(database, tenant),
    intents: createIntentStore(database, tenant),
    holds: createHoldStore(database, tenant, name),
    outbox: createOutbox(database, tenant),
    // Old pages live on in the write-ahead log until it is emptied.
    scrub: () => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"),
    transaction: database.transaction,
  };
}

function tenantKey(database: Database, name: string, directory: string, configured: readonly string[]): number {
  const known = database.get("SELECT id, directory FROM tenant WHERE name=?", name);
  // The usual case, and all that a database open for reading only can do.
  if (known !== undefined && (known["directory"] === directory || database.readOnly)) return known["id"] as number;
  if (database.readOnly) {
    throw new AgentError("ERR_NOT_FOUND", `the tenant ${name} was never synchronised here`, {
      hint: "run `tiersync sync` first",
    });
  }
  return database.transaction(() => {
    const named = database.get("SELECT id, directory FROM tenant WHERE name=?", name);
    if (named !== undefined) {
      if (named["directory"] !== directory) {
        // Another directory under the old name: what was read from the old one says nothing about this one.
        database.run(
          "UPDATE tenant SET directory=?, cursor=NULL, progress=NULL, all_dirty=1 WHERE id=?",
          directory,
          named["id"] ?? null,
        );
      }
      return named["id"] as number;
    }
    const renamed = database.get(
      "SELECT id FROM tenant WHERE directory=? AND name NOT IN (SELECT value FROM json_each(?))",
      directory,
      JSON.stringify(configured),
    );
    if (renamed !== undefined) {
      database.run("UPDATE tenant SET name=? WHERE id=?", name, renamed["id"] ?? null);
      return renamed["id"] as number;
    }
    return database.run("INSERT INTO tenant (name, directory) VALUES (?, ?)", name, directory).lastInsertRowid;
  });
}
