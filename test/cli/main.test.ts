import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

let home: string;
beforeEach(() => {
  home = tempFolder("tiersync main é-");
});

async function tiersync(...parameters: string[]) {
  const child = Bun.spawn([process.execPath, MAIN, ...parameters], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, TIERSYNC_HOME: home, FORCE_COLOR: undefined },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

const TENANT = [
  "--name",
  "contoso",
  "--tenant-id",
  "contoso.example",
  "--client-id",
  "aaaaaaaa-0000-4000-8000-000000000001",
];

describe("the program", () => {
  test("sets a home up, step by step, without a terminal", async () => {
    expect(await tiersync("init", ...TENANT)).toMatchObject({ code: 0, stderr: "" });
    expect(await tiersync("rules", "check")).toMatchObject({ code: 0, stdout: "4 rules in 1 file: all good\n" });
    const made = await tiersync("cert", "new", "contoso", "--bits", "2048", "--json");
    expect(made.code).toBe(0);
    const shown = await tiersync("cert", "show", "--json");
    expect(JSON.parse(shown.stdout).items[0].thumbprint).toBe(JSON.parse(made.stdout).thumbprint);
    expect(existsSync(join(home, "keys", "contoso.crt"))).toBe(true);
  });

  test("does not wait for answers where nobody is", async () => {
    const { code, stderr } = await tiersync("init");
    expect(code).toBe(2);
    expect(stderr).toContain("--tenant-id");
  });

  test("tells its version as text and as JSON, without colours when piped", async () => {
    const text = await tiersync("version");
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toStartWith(`tiersync ${packageJson.version} (`);
    expect(text.stdout).not.toContain("\u001b");
    expect(JSON.parse((await tiersync("version", "--json")).stdout).version).toBe(packageJson.version);
  });

  test("ends with exit code 2 and a suggestion on a mistyped command", async () => {
    const { code, stdout, stderr } = await tiersync("versoin");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("did you mean version?");
  });
});
