import { expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { createStoreViews } from "../../src/store/views.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A database as the first version has left it, with somebody in it and a full read that was cut. */
function firstVersion(file: string): void {
  const native = new DatabaseSync(file);
  migrate(
    {
      get: (sql) => native.prepare(sql).get() as never,
      exec: (sql) => native.exec(sql),
      transaction: (work) => work(),
    },
    file,
    1,
  );
  native.exec(`
    INSERT INTO tenant (id, name, directory, properties, progress) VALUES (1, 'contoso', 'd1', '["displayName"]', '{}');
    INSERT INTO person (id, tenant, object_id, properties) VALUES (1, 1, 'u1', '{"displayName":"Ana","mail":"ana@x.example"}');
    INSERT INTO account (id, tenant, person, address, address_key, tier) VALUES (1, 1, 1, 'ana@x.example', 'ana@x.example', 'Pro');
    INSERT INTO decision (person, tenant, address, display_name, groups, state, reason, since, wanted)
      VALUES (1, 1, 'ana@x.example', 'Ana', '["Pro"]', 'licensed', 'rule pro', 1000, 'Pro');
    INSERT INTO stage (id, object_id, properties) VALUES (1, 'u2', '{}');
    INSERT INTO stage_page (tenant, grp, groups, first_row, last_row) VALUES (1, 'g1', '[]', 1, 1);
  `);
  native.close();
}

test("a database of the first version is brought forward with everybody in it", () => {
  const file = join(tempFolder(), "tiersync.db");
  firstVersion(file);
  const database = openDatabase(file);
  try {
    expect(createStoreViews(database).people({ limit: 10 }).items).toMatchObject([
      { id: "u1", displayName: "Ana", address: "ana@x.example", state: "licensed", tier: "Pro", groups: ["Pro"] },
    ]);
    // A read that was under way is begun anew.
    expect(database.get("SELECT progress FROM tenant")).toEqual({ progress: null });
    expect(database.get("SELECT count(*) AS n FROM stage_page")).toEqual({ n: 0 });
    expect(database.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  } finally {
    database.close();
  }
});
