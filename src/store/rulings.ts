/**
 * When what was ruled about a person ends. A rejection holds, and an approval is, for what was seen then; a contest about a tier ends with it,
 * too. What is no reason for anything (a new name, another language) leaves them as they are: else it would carry out what was rejected.
 */
import type { Database } from "./database.ts";
import { readGroupGraph } from "./membership.ts";

/**
 * Publishes in one transaction, and forgets what was ruled about people whose groups (nested ones included), presence or `deciding`
 * properties are others after it. `deciding`: of those that are known before and after.
 */
export function forgettingRulings(
  database: Database,
  tenant: number,
  deciding: readonly string[],
  publish: () => void,
): void {
  database.transaction(() => {
    const before = inputsOfRuled(database, tenant, deciding);
    publish();
    if (before.size === 0) return;
    const after = inputsOfRuled(database, tenant, deciding);
    const changed = JSON.stringify([...before.keys()].filter((person) => before.get(person) !== after.get(person)));
    database.run(
      `DELETE FROM ruling WHERE tenant=? AND user IN
       (SELECT p.object_id FROM json_each(?) k CROSS JOIN person p ON p.id=k.value)`,
      tenant,
      changed,
    );
    database.run("DELETE FROM contest WHERE person IN (SELECT value FROM json_each(?))", changed);
  });
}

/** Of everybody about whom something is ruled, by row key. */
function inputsOfRuled(database: Database, tenant: number, deciding: readonly string[]): ReadonlyMap<number, string> {
  const rows = database.all(
    `SELECT p.id, p.properties, p.deleted, (SELECT group_concat(grp) FROM (SELECT grp FROM member WHERE person=p.id ORDER BY grp)) AS groups
     FROM person p WHERE p.id IN (SELECT person FROM contest WHERE tenant=?1)
       OR p.id IN (SELECT r.id FROM ruling u CROSS JOIN person r ON r.tenant=u.tenant AND r.object_id=u.user WHERE u.tenant=?1)`,
    tenant,
  );
  if (rows.length === 0) return new Map();
  const graph = readGroupGraph(database, tenant);
  return new Map(
    rows.map((row) => {
      const groups = [...graph.closure((row["groups"] ?? "") as string)].sort();
      const properties = JSON.parse((row["properties"] as string | null) ?? "{}") as Record<string, unknown>;
      const decided = deciding.map((name) => properties[name] ?? null);
      return [row["id"] as number, JSON.stringify([row["deleted"], groups, decided])] as const;
    }),
  );
}
