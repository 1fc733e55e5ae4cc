import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SECRET = "a line of an event log that was deleted for good";

/** The files as a killed process leaves them: written to, then a deletion, and no orderly end. */
function killed(): string {
  const file = join(tempFolder(), "live.db");
  const database = openDatabase(file);
  database.run("INSERT INTO event (person, at, type, cycle) VALUES (1, 0, ?, 1)", SECRET);
  database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  database.run("DELETE FROM event WHERE person=1");
  const left = join(tempFolder(), "left.db");
  for (const end of ["", "-wal"]) copyFileSync(file + end, left + end);
  database.close();
  return left;
}

function bytesOf(file: string): string {
  return ["", "-wal"].map((end) => (existsSync(file + end) ? readFileSync(file + end, "latin1") : "")).join();
}

describe("a write-ahead log that a killed agent left", () => {
  test("is emptied as soon as the database is opened to work on: what was deleted is unreadable then", () => {
    const file = killed();
    expect(bytesOf(file)).toContain(SECRET);
    const database = openDatabase(file);
    expect(bytesOf(file)).not.toContain(SECRET);
    expect(database.get("SELECT count(*) AS n FROM event")).toEqual({ n: 0 });
    database.close();
  });

  test("is never applied to a backup that has been put in the database's place", () => {
    const file = killed();
    const other = join(tempFolder(), "other.db");
    const source = openDatabase(other);
    source.run("INSERT INTO event (person, at, type, cycle) VALUES (7, 0, 'created', 1)");
    const backup = join(tempFolder(), "backup.db");
    source.copyTo(backup);
    source.close();
    copyFileSync(backup, file);
    for (const readOnly of [true, false]) {
      const database = openDatabase(file, { readOnly });
      expect(database.all("SELECT person, type FROM event")).toEqual([{ person: 7, type: "created" }]);
      expect(database.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
      database.close();
    }
    expect(existsSync(`${file}-wal.old`)).toBe(true);
  });

  test("is taken in where it belongs to the database", () => {
    const file = join(tempFolder(), "live.db");
    const database = openDatabase(file);
    database.run("INSERT INTO event (person, at, type, cycle) VALUES (3, 0, 'created', 1)");
    const left = join(tempFolder(), "left.db");
    for (const end of ["", "-wal"]) copyFileSync(file + end, left + end);
    database.close();
    const again = openDatabase(left);
    expect(again.all("SELECT person FROM event")).toEqual([{ person: 3 }]);
    again.close();
    expect(existsSync(`${left}-wal.old`)).toBe(false);
  });
});

describe("a write-ahead log that has grown large", () => {
  const grown = () => {
    const file = join(tempFolder(), "live.db");
    const database = openDatabase(file);
    const text = "x".repeat(1000);
    for (let round = 0; round < 9; round += 1) {
      const people = JSON.stringify(Array.from({ length: 2000 }, (_, index) => index));
      database.run("INSERT INTO event (person, at, type) SELECT value, 0, ? FROM json_each(?)", text, people);
    }
    return { file, database, size: () => statSync(`${file}-wal`).size };
  };

  test("is written back, once it is asked for", () => {
    const { database, size } = grown();
    expect(size()).toBeGreaterThan(16_000_000);
    database.shortenLog();
    expect(size()).toBe(0);
    expect(database.get("SELECT count(*) AS n FROM event")).toEqual({ n: 18_000 });
    database.close();
  });

  test("is left while somebody else reads, and nobody waits for that", () => {
    const { file, database, size } = grown();
    const reader = openDatabase(file, { readOnly: true });
    reader.exec("BEGIN");
    reader.get("SELECT count(*) FROM event");
    database.run("DELETE FROM event WHERE person=1");
    database.shortenLog();
    expect(size()).toBeGreaterThan(16_000_000);
    reader.exec("COMMIT");
    reader.close();
    database.shortenLog();
    expect(size()).toBe(0);
    database.close();
  });

  test("that is small stays as it is", () => {
    const file = join(tempFolder(), "live.db");
    const database = openDatabase(file);
    database.run("INSERT INTO event (person, at, type) VALUES (1, 0, 'created')");
    const before = statSync(`${file}-wal`).size;
    database.shortenLog();
    expect(statSync(`${file}-wal`).size).toBe(before);
    database.close();
  });
});
