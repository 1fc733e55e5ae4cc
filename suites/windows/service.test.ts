/** The life of the service under Wine's service manager. What only a real Windows can show is listed in the README. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import type { ServiceStatus } from "../../src/platform/service.ts";
import { bootWine, type Outcome, type Wine } from "./wine.ts";

setDefaultTimeout(90_000);

const HOME = "C:\\Société à responsabilité (limitée)\\tier sync";
const PROGRAM = `${HOME}\\tiersync.exe`;
let wine: Wine;
let home: string;

beforeAll(async () => {
  wine = await bootWine();
  home = onHost(HOME);
  mkdirSync(home, { recursive: true });
  compile(join(import.meta.dirname, "stand-in.ts"), "windows-x64", join(home, "tiersync.exe"));
});

afterAll(async () => {
  await wine.close();
});

function onHost(path: string): string {
  return join(wine.driveC, path.replace(/^C:\\/, "").replaceAll("\\", "/"));
}

async function elevated(...args: string[]): Promise<Outcome> {
  return await wine.runElevated([PROGRAM, ...args]);
}

async function status(): Promise<ServiceStatus> {
  const { stdout } = await wine.run([PROGRAM, "service", "status", "--json"]);
  return JSON.parse(stdout);
}

async function until(state: ServiceStatus["state"]): Promise<ServiceStatus> {
  for (const deadline = Date.now() + 20_000; ; await Bun.sleep(100)) {
    const now = await status();
    if (now.state === state) return now;
    if (Date.now() > deadline) throw new Error(`still ${now.state}, not ${state}`);
  }
}

/** The service answers on the host's loopback. Wine does not refuse connections to closed ports by itself: hence the limit. */
async function ask(path: string): Promise<number | string> {
  const port = readFileSync(join(home, "data", "port"), "utf8");
  const signal = AbortSignal.timeout(3_000);
  return await fetch(`http://127.0.0.1:${port}${path}`, { signal }).then(
    (answer) => answer.status,
    () => "no answer",
  );
}

async function registry(key: string): Promise<string> {
  return (await wine.run(["reg", "query", `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${key}`])).stdout;
}

/** Each step builds on the one before, as an administrator would take them. */
describe("the service, from installation to removal", () => {
  test("without administrator rights it is refused, with what to do", async () => {
    const { code, stderr } = await wine.run([PROGRAM, "service", "install"]);
    expect(code).toBe(1);
    expect(stderr).toContain("administrator rights are needed");
    expect(stderr).toContain("Run as administrator");
    expect(await status()).toMatchObject({ state: "not installed" });
  });

  test("below a folder that ordinary users can write into it is refused", async () => {
    chmodSync(dirname(home), 0o777);
    const { code, stderr } = await elevated("service", "install");
    chmodSync(dirname(home), 0o755);
    expect(code).toBe(1);
    expect(stderr).toContain("can be written into by ordinary users");
    expect(await status()).toMatchObject({ state: "not installed" });
  });

  test("a home that ordinary users can write into is closed", async () => {
    chmodSync(home, 0o777);
    const { code, stdout } = await elevated("service", "install");
    expect(code).toBe(0);
    expect(stdout).toContain("closed to ordinary users");
    expect(statSync(home).mode & 0o002).toBe(0); // Wine keeps no more of an access list than this
    expect((await elevated("service", "uninstall")).code).toBe(0);
  });

  test("installs for the virtual account, delayed start, quoted path, event source", async () => {
    const { code, stdout } = await elevated("service", "install", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: "stopped", account: "NT SERVICE\\tiersync", home: HOME });
    const service = await registry("tiersync");
    expect(service).toContain('"C:\\Soci');
    expect(service).toContain('tiersync.exe" run --service --home "C:\\');
    expect(service).toMatch(/DelayedAutoStart\s+REG_DWORD\s+0x1/);
    expect(service).toMatch(/Start\s+REG_DWORD\s+0x2/);
    expect(service).toContain("Makes each person's licence tier follow");
    expect(await registry("EventLog\\Application\\tiersync")).toContain("EventCreate.exe");
    for (const name of ["data", "logs", "keys"]) expect(existsSync(join(home, name))).toBe(true);
  });

  test("reports that it starts until it answers, and then that it runs", async () => {
    writeFileSync(join(home, "slow-start"), "2500");
    await wine.run(["sc", "start", "tiersync"]);
    expect(await status()).toMatchObject({ state: "starting" });
    await until("running");
    expect(await ask("/healthz")).toBe(200);
    rmSync(join(home, "slow-start"));
  });

  test("reports that it stops while it drains, and ends without an error", async () => {
    await ask("/drain?ms=1500");
    await wine.run(["sc", "stop", "tiersync"]);
    expect(await status()).toMatchObject({ state: "stopping" });
    expect(await until("stopped")).toMatchObject({ pid: null, exitCode: null });
    expect(existsSync(join(home, "data", "drained"))).toBe(true);
    expect(await ask("/healthz")).toBe("no answer");
  });

  test("start waits until it runs; starting twice is no error", async () => {
    expect((await elevated("service", "start")).stdout).toContain("service  running");
    expect(await ask("/healthz")).toBe(200);
    expect((await elevated("service", "start")).code).toBe(0);
  });

  test("a drain that takes too long is cut, and counts as a failure", async () => {
    await ask("/drain?ms=60000");
    expect((await elevated("service", "stop")).code).toBe(0);
    expect(await status()).toMatchObject({ state: "failed", exitCode: 1 });
  });

  test("an end with an error code counts as a failure, with that code", async () => {
    await elevated("service", "start");
    await ask("/end?code=5");
    expect(await until("failed")).toMatchObject({ exitCode: 5 });
  });

  test("a killed process counts as a failure, and the service starts again", async () => {
    await elevated("service", "start");
    const { pid } = await status();
    await wine.run(["taskkill", "/F", "/PID", String(pid)]);
    expect((await until("failed")).exitCode).not.toBeNull();
    expect((await elevated("service", "start")).code).toBe(0);
    expect(await ask("/healthz")).toBe(200);
  });

  test("installing again while it runs brings it up to date; another home is refused", async () => {
    expect((await elevated("service", "install", "--account", "LocalService")).code).toBe(0);
    expect(await status()).toMatchObject({ state: "running", account: "NT AUTHORITY\\LocalService" });
    mkdirSync(onHost("C:\\other"));
    const { code, stderr } = await elevated("service", "install", "--home", "C:\\other");
    expect(code).toBe(1);
    expect(stderr).toContain("already installed");
  });

  test("uninstall stops and removes it and keeps the home folder", async () => {
    expect((await elevated("service", "uninstall")).code).toBe(0);
    expect(await status()).toMatchObject({ state: "not installed" });
    expect(await ask("/healthz")).toBe("no answer");
    expect(await registry("EventLog\\Application\\tiersync")).not.toContain("EventCreate");
    expect(existsSync(join(home, "data", "port"))).toBe(true);
  });
});

test("run --service at a console says that this is for the service manager", async () => {
  const { code, stderr } = await wine.run([PROGRAM, "run", "--service", "--home", HOME]);
  expect(code).toBe(1);
  expect(stderr).toContain("not started by the Windows service manager");
});

describe("secrets at rest", () => {
  test("what one process protected, another one reads, and the file shows nothing of it", async () => {
    writeFileSync(join(home, "key"), "-----BEGIN PRIVATE KEY-----");
    expect((await wine.run([PROGRAM, "protect", `${HOME}\\key`])).code).toBe(0);
    expect(readFileSync(join(home, "key.protect")).includes("PRIVATE")).toBe(false);
    expect((await wine.run([PROGRAM, "unprotect", `${HOME}\\key.protect`])).code).toBe(0);
    expect(readFileSync(join(home, "key.protect.unprotect"), "utf8")).toBe("-----BEGIN PRIVATE KEY-----");
  });

  test("a file of another machine is refused with the reason", async () => {
    writeFileSync(join(home, "foreign"), crypto.getRandomValues(new Uint8Array(200)));
    const { code, stderr } = await wine.run([PROGRAM, "unprotect", `${HOME}\\foreign`]);
    expect(code).toBe(1);
    expect(stderr).toContain("ERR_SECRET");
    expect(stderr).toContain("another machine");
  });
});
