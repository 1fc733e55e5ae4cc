import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "../support/home.ts";

test("a backup's path begins at the home folder, wherever the command is given", async () => {
  const home = openHome();
  await home.run("sync");
  const file = join(home.home, "monday.db");
  expect((await home.run("backup", "monday.db", "--json")).json).toMatchObject({ file });
  expect(existsSync(file)).toBe(true);
  const again = await home.run("backup", "monday.db", "--json");
  expect(again).toMatchObject({ code: 2, error: { code: "ERR_EXISTS" } });
});
