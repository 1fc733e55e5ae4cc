import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { CheckResult } from "../../../src/model/views.ts";
import { openHome, type TestHome } from "../../support/home.ts";

const databaseOf = ({ home }: TestHome): string => join(home, "data", "tiersync.db");

async function checked(home: TestHome): Promise<CheckResult | undefined> {
  const { json } = await home.run("check", "--json");
  return json.checks.find(({ id }) => id === "home.database");
}

async function synchronised(): Promise<TestHome> {
  const home = openHome({ mailboxSettings: false });
  for (let number = 0; number < 100; number += 1) home.person(`Person ${number}`, ["Eco"]);
  await home.run("sync");
  return home;
}

test("a database that is there, and none yet, are right", async () => {
  const home = openHome({ mailboxSettings: false });
  expect(await checked(home)).toMatchObject({ level: "ok", message: expect.stringContaining("none yet") });
  await home.run("sync");
  expect(await checked(home)).toMatchObject({ level: "ok", message: expect.stringContaining("last seen here") });
});

test("a page that was overwritten is found, with how to mend it", async () => {
  const home = await synchronised();
  const bytes = readFileSync(databaseOf(home));
  // In the middle, where no command needs to look for its first answer.
  for (let page = 20; page < bytes.length / 4096; page += 3) bytes.fill(0x5a, page * 4096, page * 4096 + 4096);
  writeFileSync(databaseOf(home), bytes);
  expect(await checked(home)).toMatchObject({ level: "fail", hint: expect.stringContaining("backup") });
  writeFileSync(databaseOf(home), "this is no database, whatever its name says".repeat(40));
  expect(await checked(home)).toMatchObject({ level: "fail", hint: expect.stringContaining("backup") });
});

test("a database that is gone is not taken for one that was never there", async () => {
  const home = await synchronised();
  writeFileSync(databaseOf(home), "");
  expect(await checked(home)).toMatchObject({ level: "warn", message: expect.stringContaining("gone or empty") });
  rmSync(databaseOf(home));
  expect(await checked(home)).toMatchObject({ level: "warn", message: expect.stringContaining("gone or empty") });
});

test("an older database and another machine's are told", async () => {
  const home = await synchronised();
  const before = join(home.home, "before.db");
  copyFileSync(databaseOf(home), before);
  await home.run("sync");
  copyFileSync(before, databaseOf(home));
  expect(await checked(home)).toMatchObject({ level: "warn", message: expect.stringContaining("older") });
  const database = new DatabaseSync(databaseOf(home));
  database.exec("UPDATE meta SET value='another' WHERE key='machine'");
  database.close();
  expect(await checked(home)).toMatchObject({ level: "warn", hint: expect.stringContaining("--take-over") });
});
