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
import { tallyOf } from "./tally.ts";
import { type ConfiguredTenant, settleTenants } from "./tenant-rows.ts";

/**
 * The store of the tenant called `name`, whose directory is `directory` (tenant id or domain). `configured`: all tenants of the
 * configuration; one that was renamed there is found again by its directory. Throws `ERR_NOT_FOUND` for one that a database which is only
 * read does not know.
 */
export function openTenantStore(
  database: Database,
  name: string,
  directory: string,
  configured: readonly ConfiguredTenant[] = [{ name, directory }],
): TenantStore {
  const tenant = settleTenants(database, configured).get(name);
  if (tenant === undefined) {
    throw new AgentError("ERR_NOT_FOUND", `the tenant ${name} was never synchronised here`, {
      hint: "run `tiersync sync` first",
    });
  }
  const tally = tallyOf(database, tenant);
  return {
    key: tenant,
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
