/** The database of a home folder: where it is, which one was last seen there, and what it shows beside a running agent. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { machineId } from "./platform/machine.ts";
import { assertVisible } from "./platform/readable.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { createGraphClock } from "./store/graph-clock.ts";
import { type DatabaseIdentity, type Identity, readIdentity } from "./store/identity.ts";
import { isReadable } from "./store/migrations.ts";
import { createStoreViews, type StoreViews } from "./store/views.ts";

/** Where the database of a home is. */
export const DATABASE_FILE = "data/tiersync.db";
/** The last state of the database that was seen here. */
const SEEN_FILE = "data/seen.json";

/** What a home's database shows. Needs no configuration and no lock: it works beside a running agent. */
export interface Reader {
  readonly views: StoreViews;
  /** Whether it is the database last seen here. */
  readonly identity: Identity;
  /** Graph's time, epoch ms; see `GraphClock`. */
  now(tenant: string): number;
  /** What SQLite finds wrong in the file; null: nothing. Reads all of it. */
  damage(): string | null;
  close(): void;
}

/** Whether a database was ever at work here, though there may be none now. */
export function wasSeen(home: string): boolean {
  return existsSync(join(home, SEEN_FILE));
}

/** What `database`, opened at `place`, is to this home and this machine. */
export function identityIn(home: string, database: Database, place: string): DatabaseIdentity {
  return readIdentity({ database, place, file: join(home, SEEN_FILE), machine: machineId() });
}

/**
 * The path of a home's database; null: nothing was ever synchronised here. Throws `ERR_PLATFORM` when this account may not look: data/ of
 * a service is closed, and "there is none" would be a lie then.
 */
export function databaseOf(home: string): string | null {
  const file = join(home, DATABASE_FILE);
  assertVisible(file);
  return existsSync(file) ? file : null;
}

/**
 * Null: nothing was ever synchronised here. Throws as `databaseOf`, `ERR_STORE`, and `ERR_STORE_NEWER` for the database of a newer
 * version.
 */
export function openReader(home: string): Reader | null {
  const file = databaseOf(home);
  if (file === null) return null;
  const database = openDatabase(file, { readOnly: true });
  try {
    if (isReadable(database, file)) {
      return {
        views: createStoreViews(database),
        identity: identityIn(home, database, file).identity,
        now: createGraphClock(database).now,
        damage: () => {
          const found = database.get("PRAGMA quick_check(1)")?.["quick_check"];
          return found === "ok" ? null : String(found);
        },
        close: () => database.close(),
      };
    }
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  return null;
}
