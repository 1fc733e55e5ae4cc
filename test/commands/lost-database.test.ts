/** What commands say of a home whose database is gone, or not as it was. */
import { expect, test } from "bun:test";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openHome, type TestHome } from "../support/home.ts";

const fileOf = ({ home }: TestHome): string => join(home, "data", "tiersync.db");

test.each(["export", "holds"] as const)(
  "`%s` takes a database that is gone or empty for no empty list",
  async (name) => {
    const home = openHome({ mailboxSettings: false });
    expect(await home.run(name)).toMatchObject({
      code: 0,
      err: expect.stringContaining("nothing was ever synchronised"),
    });
    await home.run("sync");
    expect((await home.run(name)).code).toBe(0);
    truncateSync(fileOf(home));
    const lost = { code: 1, out: "", err: expect.stringContaining("gone or empty [ERR_STORE]") };
    expect(await home.run(name)).toMatchObject(lost);
    rmSync(fileOf(home));
    expect(await home.run(name)).toMatchObject(lost);
  },
);

test("`plan` names the home's database, not its own copy of it", async () => {
  const home = openHome({ mailboxSettings: false });
  await home.run("sync");
  const database = new DatabaseSync(fileOf(home));
  database.exec("PRAGMA user_version=99");
  database.close();
  const { code, err } = await home.run("plan");
  expect(code).toBe(1);
  expect(err).toContain("[ERR_STORE_NEWER]");
  expect(err).toContain(`the database ${fileOf(home)} has schema version 99`);
  writeFileSync(fileOf(home), "no database at all, but some text");
  expect((await home.run("plan")).err).toContain(`the database ${fileOf(home)} failed`);
});
