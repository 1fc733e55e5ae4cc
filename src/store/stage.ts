/** A full read under way: pages wait here, row by row, until all are there and become the mirror. */
import type { DirectoryMember } from "../cycle/ports.ts";
import type { DirectoryUser, ObjectId } from "../model/directory.ts";
import type { Database } from "./database.ts";

export interface Stage {
  clear(): void;
  /** `text`: a user's properties as they are kept. */
  add(group: ObjectId, members: readonly DirectoryMember[], text: (user: DirectoryUser) => string): void;
  /** People of the mirror who are in a group there and not in the stage. */
  vanished(): readonly ObjectId[];
  /** Everybody staged becomes a person, in the order of object ids: keys in that order keep all later work sequential. */
  publishPeople(): void;
  /** As `publishPeople`; gives the keys of those who are new or not as they were. */
  publishChangedPeople(): readonly number[];
  publishNesting(): void;
}

/** The staged rows of a tenant's pages. CROSS: in this order; the planner would read all rows again for each page. */
const ROWS = "stage_page s CROSS JOIN stage u ON u.id>=s.first_row AND u.id<=s.last_row";

/** Who is in which group by the stage, as keys. One parameter: the tenant. */
export const STAGED_PAIRS = `SELECT p.id AS person, g.id AS grp FROM stage_page s
  CROSS JOIN grp g ON g.tenant=s.tenant AND g.object_id=s.grp CROSS JOIN stage u ON u.id>=s.first_row AND u.id<=s.last_row
  CROSS JOIN person p ON p.tenant=s.tenant AND p.object_id=u.object_id WHERE s.tenant=?`;

const PUBLISH = `INSERT INTO person (tenant, object_id, properties)
  SELECT s.tenant, u.object_id, u.properties FROM ${ROWS} WHERE s.tenant=? ORDER BY u.object_id, u.id
  ON CONFLICT (tenant, object_id) DO UPDATE SET properties=excluded.properties, deleted=0
  WHERE properties IS NOT excluded.properties OR deleted<>0`;

export function createStage(database: Database, tenant: number): Stage {
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
    add: (group, members, text) => {
      const groups: ObjectId[] = [];
      // No rows: an empty range.
      let first: number | null = null;
      let last = 0;
      for (const member of members) {
        if (member.kind === "group") groups.push(member.group.id);
        if (member.kind !== "user") continue;
        const { user } = member;
        last = database.run(
          "INSERT INTO stage (object_id, properties) VALUES (?, ?)",
          user.id,
          text(user),
        ).lastInsertRowid;
        first ??= last;
      }
      database.run(
        "INSERT INTO stage_page (tenant, grp, groups, first_row, last_row) VALUES (?, ?, ?, ?, ?)",
        tenant,
        group,
        JSON.stringify(groups),
        first ?? 1,
        last,
      );
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
    publishPeople: () => void database.run(PUBLISH, tenant),
    publishChangedPeople: () => database.all(`${PUBLISH} RETURNING id`, tenant).map((row) => row["id"] as number),
    publishNesting: () =>
      void database.run(
        `INSERT OR IGNORE INTO nesting SELECT g.id, c.id FROM stage_page s JOIN grp g ON g.tenant=s.tenant AND g.object_id=s.grp,
         json_each(s.groups) n JOIN grp c ON c.tenant=s.tenant AND c.object_id=n.value WHERE s.tenant=?`,
        tenant,
      ),
  };
}
