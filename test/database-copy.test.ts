import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventually } from "./support/eventually.ts";
import { openHome, type TestHome } from "./support/home.ts";
import { runProcess, startProcess } from "./support/subprocess.ts";
import { tempFolder } from "./support/temp-folder.ts";

/** A home with a database of some size. */
async function synchronised(people: number): Promise<TestHome> {
  const home = openHome({ mailboxSettings: false, seats: { Eco: people } });
  for (let number = 0; number < people; number += 1) home.person(`Person ${number}`, ["Eco"]);
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  return home;
}

describe("a backup", () => {
  test("is whole, and for its owner only", async () => {
    const home = await synchronised(3);
    const folder = tempFolder();
    const file = join(folder, "monday.db");
    expect(await home.run("backup", file)).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual(["monday.db"]);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare("SELECT count(*) AS n FROM account").get()?.["n"]).toBe(3);
    database.close();
  });

  test("that finds no space leaves nothing that could be taken for one", async () => {
    const home = await synchronised(200);
    const folder = tempFolder();
    const file = join(folder, "monday.db");
    const { code, error } = await runProcess(home, ["backup", file], "ulimit -f 100;");
    expect({ code, error }).toMatchObject({
      code: 1,
      error: { hint: expect.stringMatching(/full|space/) },
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(await home.run("backup", file)).toMatchObject({ code: 0 });
  });

  test("whose place is not there says so", async () => {
    const home = await synchronised(1);
    const { code, error } = await home.run("backup", join(home.home, "nowhere", "monday.db"), "--json");
    expect({ code, error }).toMatchObject({
      code: 1,
      error: {
        code: "ERR_PLATFORM",
        message: expect.stringContaining("monday.db"),
        hint: expect.stringContaining("folder"),
      },
    });
  });

  test("is not made of a database that is empty", async () => {
    const home = openHome();
    mkdirSync(join(home.home, "data"), { mode: 0o700 });
    writeFileSync(join(home.home, "data", "tiersync.db"), "");
    const folder = tempFolder();
    const { code, error } = await home.run("backup", join(folder, "monday.db"), "--json");
    expect({ code, error: error.code }).toEqual({ code: 1, error: "ERR_NOT_FOUND" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.if(process.platform !== "win32")("a plan removes the copy that a killed one left behind", async () => {
  const home = await synchronised(1);
  const copies = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("tiersync-plan-"));
  const before = new Set(copies());
  home.simulator.faults.add({ kind: "never", times: 100 });
  const plan = startProcess(home, ["plan"]);
  const own = (): string[] =>
    copies().filter((name) => !before.has(name) && existsSync(join(tmpdir(), name, "copy.db")));
  const [left] = await eventually(own, (names) => names.length > 0);
  plan.kill();
  await plan.ended;
  expect(copies()).toContain(left as string);
  home.simulator.faults.clear();
  expect(await home.run("plan")).toMatchObject({ code: 0 });
  expect(copies()).not.toContain(left as string);
});
