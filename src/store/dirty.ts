/** Who has to be evaluated again. */
import type { Database } from "./database.ts";

/** Remembers that these people have to be evaluated again, until the next cycle that decides them. */
export function markDirty(database: Database, tenant: number, people: readonly number[]): void {
  if (people.length === 0) return;
  database.run(
    "INSERT OR IGNORE INTO dirty (person, tenant) SELECT value, ? FROM json_each(?)",
    tenant,
    JSON.stringify(people),
  );
}
