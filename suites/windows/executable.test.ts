/** What the built tiersync.exe carries, seen from outside. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { compile } from "../../scripts/compile.ts";
import { bootWine, type Wine } from "./wine.ts";

setDefaultTimeout(90_000);

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const HOME = "C:\\Données\\été";
const PROGRAM = `${HOME}\\tiersync.exe`;
let wine: Wine;
let home: string;

beforeAll(async () => {
  wine = await bootWine();
  home = join(wine.driveC, "Données", "été");
  mkdirSync(home, { recursive: true });
  compile(MAIN, "windows-x64", join(home, "tiersync.exe"));
});

afterAll(async () => {
  await wine.close();
});

test("Windows shows its name, version, company and icon", async () => {
  const { stdout } = await wine.script("file-version.ts", PROGRAM);
  expect(JSON.parse(stdout)).toEqual({
    product: "tiersync",
    version: packageJson.version,
    company: "The tiersync authors",
    icons: 1,
  });
});

test("the same source gives the same bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "tiersync-again-"));
  try {
    compile(MAIN, "windows-x64", join(folder, "tiersync.exe"));
    const [first, second] = [home, folder].map((where) => Bun.hash(readFileSync(join(where, "tiersync.exe"))));
    expect(second).toBe(first);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("says its version, and runs nothing that lies in the folder it is started in", async () => {
  writeFileSync(join(home, ".env"), "TIERSYNC_HOME=C:\\elsewhere\n");
  writeFileSync(join(home, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(home, "evil.ts"), 'console.log("evil")\n');
  const { code, stdout } = await wine.run([PROGRAM, "version", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ version: packageJson.version, platform: "win32-x64", compiled: true });
  for (const name of [".env", "bunfig.toml", "evil.ts"]) rmSync(join(home, name));
});

test("init fills the executable's own folder, and rules check accepts it", async () => {
  const tenant = "11111111-2222-3333-4444-555555555555";
  const init = await wine.run([PROGRAM, "init", "--name", "contoso", "--tenant-id", tenant, "--client-id", tenant]);
  expect(`${init.code} ${init.stderr}`).toBe("0 ");
  expect(existsSync(join(home, "tiersync.yaml"))).toBe(true);
  const check = await wine.run([PROGRAM, "rules", "check"]);
  expect(`${check.code} ${check.stderr}`).toBe("0 ");
});

test("a key that cert new makes is on the disk in encrypted form only, and reads back", async () => {
  const made = await wine.run([PROGRAM, "cert", "new", "contoso", "--bits", "2048"]);
  expect(made.code).toBe(0);
  const file = readFileSync(join(home, "keys", "contoso.pem"), "utf8");
  expect(file).toContain("TIERSYNC PROTECTED FILE");
  expect(file).not.toContain("PRIVATE KEY");
  const shown = await wine.run([PROGRAM, "cert", "show", "--json"]);
  expect(JSON.parse(shown.stdout).items).toHaveLength(1);
});
