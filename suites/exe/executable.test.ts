/** What concerns the executable only: what is in it, what it loads and what it does not. Started by run.ts. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import { INIT, openHome, succeeded } from "../deno/home.ts";
import { HERE } from "./here.ts";

setDefaultTimeout(60_000);

const EXECUTABLE = process.env["TIERSYNC_COMMAND"] ?? "";
let folder: string;
let own: string;
let elsewhere: string;
let userHome: string;

beforeAll(() => {
  if (EXECUTABLE === "") throw new Error("TIERSYNC_COMMAND names no executable: start this with bun run test:exe");
  folder = mkdtempSync(join(tmpdir(), "tiersync-executable-"));
  [own, elsewhere, userHome] = ["own", "elsewhere", "user"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [own, elsewhere, userHome]) mkdirSync(path);
  chmodSync(folder, 0o755);
  copyFileSync(EXECUTABLE, join(own, "tiersync"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Start {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

function start(args: readonly string[], { cwd = elsewhere, env = {}, uid }: Start = {}) {
  return spawnSync(join(own, "tiersync"), args, {
    ...{ cwd, encoding: "utf8", input: "a value" },
    env: { PATH: "/usr/bin:/bin", HOME: userHome, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

describe("a stranger's file that lies there is not loaded", () => {
  const places = {
    "the folder it is started in": () => elsewhere,
    "its own folder": () => own,
    "the user's home": () => userHome,
  };
  const names = [
    ".env",
    ".env.local",
    ".env.production",
    "bunfig.toml",
    ".bunfig.toml",
    "package.json",
    "tsconfig.json",
  ];
  const strange = (name: string): string => {
    if (name.startsWith(".env")) return "TIERSYNC_HOME=/nowhere\nBUN_OPTIONS=--preload=./strange.ts\n";
    if (name.endsWith(".toml")) return 'preload = ["./strange.ts"]\n[run]\npreload = ["./strange.ts"]\n';
    return '{"type": "commonjs", "preload": ["./strange.ts"], "compilerOptions": {"paths": {"*": ["./strange.ts"]}}}';
  };

  test.each(Object.keys(places) as (keyof typeof places)[])("in %s", (place) => {
    const where = places[place]();
    const ran = join(folder, "ran");
    writeFileSync(join(where, "strange.ts"), `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "");\n`);
    for (const name of names) writeFileSync(join(where, name), strange(name));
    try {
      for (const cwd of [elsewhere, own]) {
        const { status, stdout } = start([...INIT, "--json"], { cwd });
        expect(status).toBe(0);
        expect(JSON.parse(stdout).home).toBe(own);
        for (const made of ["tiersync.yaml", "rules", "schemas"]) rmSync(join(own, made), { recursive: true });
      }
      expect(existsSync(ran)).toBe(false);
    } finally {
      for (const name of [...names, "strange.ts"]) rmSync(join(where, name));
    }
  });
});

test("a folder that it may not write is an error that names it, and nothing is done", () => {
  // root may write everywhere: somebody else then.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  const env = { TIERSYNC_HOME: elsewhere };
  chmodSync(elsewhere, 0o555);
  try {
    for (const command of [INIT, ["cert", "new", "contoso", "--bits", "2048"], ["secret", "set", "x"]]) {
      const { status, stderr } = start(command, { env, ...(uid === undefined ? {} : { uid }) });
      expect(`${command[0]} ${status} ${stderr}`).toMatch(
        /^\w+ 1 (making.*\n)?error: .*\/elsewhere\/.*\(EACCES\) \[ERR_PLATFORM\]\nhint: .*right/,
      );
    }
  } finally {
    chmodSync(elsewhere, 0o755);
  }
});

test("is at most 3 MB larger than a program that only greets", () => {
  const entry = join(folder, "hello.ts");
  writeFileSync(entry, 'console.log("hello");\n');
  compile(entry, HERE, join(folder, "hello"));
  const over = statSync(EXECUTABLE).size - statSync(join(folder, "hello")).size;
  console.log(`the executable is ${(over / 1e6).toFixed(2)} MB larger than a bare one`);
  expect(over).toBeLessThanOrEqual(3e6);
});

/** Measured and told, not judged: machines differ. */
test("answers /healthz after its start", async () => {
  await using home = await openHome();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    const agent = home.start("run", "--json");
    while (!agent.out().endsWith("}\n")) await Bun.sleep(1);
    const { port } = JSON.parse(agent.out());
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    times.push(performance.now() - began);
    agent.kill("SIGTERM");
    await succeeded(agent.ended);
  }
  const [, , median = 0] = times.toSorted((a, b) => a - b);
  console.log(`start to the first answer of /healthz: ${median.toFixed(0)} ms (median of ${times.length})`);
});
