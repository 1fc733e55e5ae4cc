/** History goes in its time, and what still counts stays. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openHome } from "../support/home.ts";

const DAY = 24 * 60 * 60 * 1000;

test("a clock that is far ahead deletes no event log", async () => {
  const home = openHome({ mailboxSettings: false, credential: "secret", extra: "retention: {journal: 30d}" });
  const ana = home.person("Ana", ["Pro"]);
  home.tenant.clock.advance(-40 * DAY);
  const events = async () => (await home.run("explain", ana, "--json")).json.decisions.map(({ type }) => type);
  await home.run("sync");
  expect(await events()).toEqual(["assigned", "created"]);
  home.tenant.clock.advance(40 * DAY);
  await home.run("sync");
  expect(await events()).toEqual([]);
});

test("the brake on creations stays on when the last cycles were about single people", async () => {
  const extra = "retention: {cycles: 1d}\nguard: {create: {count: 3, percent: 50}}";
  const home = openHome({ mailboxSettings: false, extra });
  const ana = home.person("Ana", ["Pro"]);
  await home.run("sync");
  const database = new DatabaseSync(join(home.home, "data", "tiersync.db"));
  database.exec(`UPDATE cycle SET started_at=started_at-${2 * DAY}, acted_at=acted_at-${2 * DAY}`);
  database.close();
  expect((await home.run("sync", "--user", ana)).code).toBe(0);
  for (const name of ["Ben", "Cyd", "Dan", "Eve"]) home.person(name, ["Pro"]);
  expect(await home.run("sync", "--json")).toMatchObject({
    json: { cycles: [{ kind: "incremental", outcome: "held", actions: { create: 0 } }] },
  });
});
