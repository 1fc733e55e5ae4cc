/**
 * A full read under way: pages wait here until all are there and become the mirror. People wait row by row; those of a tenant's first read go
 * into the mirror at once, where nothing shows of somebody who is in no group, and only their memberships wait.
 */
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import type { Database } from "./database.ts";

/** Some members of a group. */
export interface StagedPage {
  readonly group: ObjectId;
  /** Groups among them. */
  readonly groups: readonly ObjectId[];
  /** People among them, with their properties as they are kept. */
  readonly people: readonly DirectoryUser[];
}

export interface Stage {
  clear(): void;
  /** `first`: nothing was ever published. Gives the keys of the people, in their order. */
  add(page: StagedPage, first: boolean): readonly number[];
  /** People of the mirror who are in a group there and not in the stage. */
  vanished(): readonly ObjectId[];
  /** Everybody staged becomes a person; gives the keys of those who are new or not as they were. */
  publishPeople(): readonly number[];
  publishNesting(): void;
}

/** The staged rows of a tenant's pages. CROSS: in this order; the planner would read all rows again for each page. */
const ROWS = "stage_page s CROSS JOIN stage u ON u.id>=s.first_row AND u.id<=s.last_row";

const GROUP = "CROSS JOIN grp g ON g.tenant=s.tenant AND g.object_id=s.grp";

/** Who is in which group by the stage, as keys. Parameter 1: the tenant. */
export const STAGED_PAIRS = `SELECT p.id AS person, g.id AS grp FROM ${ROWS} ${GROUP}
  CROSS JOIN person p ON p.tenant=s.tenant AND p.object_id=u.object_id WHERE s.tenant=?1
  UNION ALL SELECT k.value, g.id FROM stage_page s ${GROUP} CROSS JOIN json_each(s.people) k WHERE s.tenant=?1`;

const PUBLISH = `INSERT INTO person (tenant, object_id, properties)
  SELECT s.tenant, u.object_id, u.properties FROM ${ROWS} WHERE s.tenant=? ORDER BY u.object_id, u.id
  ON CONFLICT (tenant, object_id) DO UPDATE SET properties=excluded.properties, deleted=0
  WHERE properties IS NOT excluded.properties OR deleted<>0 RETURNING id`;

export function createStage(database: Database, tenant: number): Stage {
  const intoStage = (id: ObjectId, properties: string): number =>
    database.run("INSERT INTO stage (object_id, properties) VALUES (?, ?)", id, properties).lastInsertRowid;
  const intoMirror = (id: ObjectId, properties: string): number => {
    const { changes, lastInsertRowid } = database.run(
      "INSERT OR IGNORE INTO person (tenant, object_id, properties) VALUES (?, ?, ?)",
      tenant,
      id,
      properties,
    );
    if (changes > 0) return lastInsertRowid;
    // In another group as well, or met by a first read that was begun anew: the last word counts.
    const update = "UPDATE person SET properties=? WHERE tenant=? AND object_id=? RETURNING id";
    return database.get(update, properties, tenant, id)?.["id"] as number;
  };

  return {
    clear: () => {
      const others = database.get("SELECT 1 FROM stage_page WHERE tenant<>? LIMIT 1", tenant);
      // No event log was ever in these pages: overwriting them with zeros would be written work for nothing.
      database.exec("PRAGMA secure_delete=OFF");
      try {
        if (others === undefined) database.run("DELETE FROM stage");
        else database.run(`DELETE FROM stage WHERE id IN (SELECT u.id FROM ${ROWS} WHERE s.tenant=?)`, tenant);
      } finally {
        database.exec("PRAGMA secure_delete=ON");
      }
      database.run("DELETE FROM stage_page WHERE tenant=?", tenant);
    },
    add: ({ group, groups, people }, first) => {
      const write = first ? intoMirror : intoStage;
      const keys = people.map(({ id, properties }) => write(id, JSON.stringify(properties)));
      // No rows: an empty range.
      const [from, to] = first ? [1, 0] : [keys[0] ?? 1, keys.at(-1) ?? 0];
      database.run(
        "INSERT INTO stage_page (tenant, grp, groups, first_row, last_row, people) VALUES (?, ?, ?, ?, ?, ?)",
        tenant,
        group,
        JSON.stringify(groups),
        from,
        to,
        first ? JSON.stringify(keys) : null,
      );
      return keys;
    },
    vanished: () =>
      database
        .all(
          `SELECT p.object_id AS id FROM person p WHERE p.tenant=? AND EXISTS (SELECT 1 FROM member m WHERE m.person=p.id)
           EXCEPT SELECT u.object_id FROM ${ROWS} WHERE s.tenant=?`,
          tenant,
          tenant,
        )
        .map((row) => row["id"] as string),
    publishPeople: () => database.all(PUBLISH, tenant).map((row) => row["id"] as number),
    publishNesting: () =>
      void database.run(
        `INSERT OR IGNORE INTO nesting SELECT g.id, c.id FROM stage_page s JOIN grp g ON g.tenant=s.tenant AND g.object_id=s.grp,
         json_each(s.groups) n JOIN grp c ON c.tenant=s.tenant AND c.object_id=n.value WHERE s.tenant=?`,
        tenant,
      ),
  };
}
