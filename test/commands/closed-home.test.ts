/**
 * A home whose data/ cannot be looked into, as that of a service is for everybody but administrators. Root may look everywhere, so
 * a link that leads to itself stands for the closed folder: it answers with an error, too, and not with "there is no such file".
 */
import { expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openHome, type TestHome } from "../support/home.ts";

function close({ home }: TestHome, folder: string): void {
  rmSync(join(home, folder), { recursive: true, force: true });
  symlinkSync(folder, join(home, folder));
}

test.each([
  "status",
  "holds",
  "holds approve x",
  "holds reject x",
  "export",
  "explain ada.eco@contoso.example",
  "backup monday.db",
  "plan",
  "sync",
])("`%s` says that it cannot look, and never that there is nothing", async (line) => {
  const home = openHome({ mailboxSettings: false });
  close(home, "data");
  const { code, out, err } = await home.run(...line.split(" "));
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(err).toContain("cannot be read (ELOOP) [ERR_PLATFORM]");
});

test("`check` tells it as findings among the others", async () => {
  const home = openHome({ mailboxSettings: false });
  close(home, "data");
  close(home, "keys");
  const { code, json } = await home.run("check", "--json");
  expect(code).toBe(1);
  const failing = json.checks.filter(({ level }) => level === "fail");
  const ids = failing.map(({ id }) => id);
  expect(ids).toContain("home.permissions");
  expect(ids).toContain("home.database");
  expect(ids).toContain("agent.running");
});

test.each(["holds", "export"])(
  "`%s` remarks for people that nothing was ever synchronised in this home",
  async (line) => {
    const home = openHome({ mailboxSettings: false });
    const before = await home.run(line);
    expect(before).toMatchObject({ code: 0, err: `remark: nothing was ever synchronised in ${home.home}\n` });
    await home.run("sync");
    expect((await home.run(line)).err).toBe("");
  },
);
