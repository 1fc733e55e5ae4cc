/** Which row of the database belongs to which tenant of the configuration. */
import type { Database } from "./database.ts";

/** A tenant as tiersync.yaml has it. */
export interface ConfiguredTenant {
  readonly name: string;
  /** Tenant id or domain; case does not count. */
  readonly directory: string;
}

interface TenantRow extends ConfiguredTenant {
  readonly id: number;
}

/**
 * Keys of the rows by name; of a database that is only read, without tenants that it does not know. A tenant that was renamed keeps its row,
 * even if another one has the old name by now; so all are looked at together. Under a known name with another directory the row is kept,
 * and read afresh: what was read from the old directory says nothing about the new one.
 */
export function settleTenants(
  database: Database,
  configured: readonly ConfiguredTenant[],
): ReadonlyMap<string, number> {
  const wanted = configured.map(({ name, directory }) => ({ name, directory: directory.toLowerCase() }));
  const found = assign(readRows(database), wanted);
  const settled = wanted.every(({ name, directory }) => {
    const row = found.get(name);
    return row?.name === name && row.directory === directory;
  });
  if (!settled && !database.readOnly) return database.transaction(() => rewrite(database, wanted));
  return new Map([...found].map(([name, { id }]) => [name, id]));
}

function readRows(database: Database): readonly TenantRow[] {
  return database.all("SELECT id, name, directory FROM tenant ORDER BY id").map((row) => ({
    id: row["id"] as number,
    name: row["name"] as string,
    directory: row["directory"] as string,
  }));
}

/** Each row for one tenant at most: those that are as they were first, then by directory, then by name. */
function assign(rows: readonly TenantRow[], wanted: readonly ConfiguredTenant[]): Map<string, TenantRow> {
  const free = new Set(rows);
  const found = new Map<string, TenantRow>();
  const fits: readonly ((row: TenantRow, tenant: ConfiguredTenant) => boolean)[] = [
    (row, { name, directory }) => row.name === name && row.directory === directory,
    (row, { directory }) => row.directory === directory,
    (row, { name }) => row.name === name,
  ];
  for (const fit of fits) {
    for (const tenant of wanted) {
      if (found.has(tenant.name)) continue;
      const row = [...free].find((one) => fit(one, tenant));
      if (row === undefined) continue;
      found.set(tenant.name, row);
      free.delete(row);
    }
  }
  return found;
}

function rewrite(database: Database, wanted: readonly ConfiguredTenant[]): ReadonlyMap<string, number> {
  const rows = readRows(database);
  const found = assign(rows, wanted);
  const kept = new Map([...found].map(([name, { id }]) => [id, name]));
  // Out of each other's way: two tenants may have changed names, and one that is configured no more may bear a name that is.
  const names = new Set(wanted.map(({ name }) => name));
  for (const { id, name, directory } of rows) {
    if (names.has(name) && kept.get(id) !== name) {
      database.run("UPDATE tenant SET name=? WHERE id=?", `${name} (${directory}, ${id})`, id);
    }
  }
  return new Map(
    wanted.map(({ name, directory }) => {
      const row = found.get(name);
      if (row === undefined) {
        const { lastInsertRowid } = database.run("INSERT INTO tenant (name, directory) VALUES (?, ?)", name, directory);
        return [name, lastInsertRowid];
      }
      if (row.name !== name) database.run("UPDATE tenant SET name=? WHERE id=?", name, row.id);
      if (row.directory !== directory) {
        const reread = "UPDATE tenant SET directory=?, cursor=NULL, progress=NULL, all_dirty=1 WHERE id=?";
        database.run(reread, directory, row.id);
      }
      return [name, row.id];
    }),
  );
}
