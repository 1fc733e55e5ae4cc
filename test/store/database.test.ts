import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("a database is read where nothing can be put beside it", () => {
  const file = join(tempFolder(), "tiersync #1.db");
  const written = openDatabase(file);
  written.run("INSERT INTO meta VALUES ('a', 'b')");
  written.close();
  // As if the folder were mounted for reading only: the index that SQLite would make cannot be made.
  symlinkSync(join(tempFolder(), "nowhere", "index"), `${file}-shm`);
  const read = openDatabase(file, { readOnly: true });
  expect(read.all("SELECT * FROM meta")).toMatchObject([{ key: "a", value: "b" }]);
  read.close();
});

test("only what must not be lost with the power waits for the disk", () => {
  const database = openDatabase(join(tempFolder(), "tiersync.db"));
  const synchronous = (): unknown => database.get("PRAGMA synchronous")?.["synchronous"];
  const [normal, full] = [1, 2];
  expect(synchronous()).toBe(normal);
  expect(database.transaction(synchronous)).toBe(normal);
  expect(database.durableTransaction(synchronous)).toBe(full);
  const fail = (): never => {
    throw new Error("no");
  };
  expect(() => database.durableTransaction(fail)).toThrow("no");
  expect(synchronous()).toBe(normal);
  database.close();
});
