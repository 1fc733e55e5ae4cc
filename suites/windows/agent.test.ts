/** The real agent as an administrator would run it on a Windows server, against the simulated tenant on the host's loopback. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import type { StatusView } from "../../src/model/views.ts";
import { createHome, RULES, type TestHome } from "../../test/support/home.ts";
import { bootWine, type Outcome, type Wine } from "./wine.ts";

setDefaultTimeout(90_000);

const HOME = "C:\\Société générale\\licences à jour";
const PROGRAM = `${HOME}\\tiersync.exe`;
let wine: Wine;
let home: string;
let origin: TestHome;

beforeAll(async () => {
  wine = await bootWine();
  home = join(wine.driveC, "Société générale", "licences à jour");
  origin = createHome({ seats: { Eco: 1, Pro: 2 } });
  // As Notepad writes files: with a BOM and CRLF.
  mkdirSync(join(home, "rules"), { recursive: true });
  writeFileSync(join(home, "tiersync.yaml"), asNotepad(readFileSync(join(origin.home, "tiersync.yaml"), "utf8")));
  writeFileSync(join(home, "rules", "secure-exchanges.yaml"), asNotepad(RULES));
  cpSync(join(origin.home, "keys"), join(home, "keys"), { recursive: true });
  compile(join(import.meta.dirname, "../../src/main.ts"), "windows-x64", join(home, "tiersync.exe"));
  origin.person("Ana Pro", ["Pro"]);
  origin.person("Ben Eco", ["Eco"]);
  origin.person("Cem Eco", ["Eco"]);
});

afterAll(async () => {
  await origin.stop();
  await wine.close();
});

function asNotepad(text: string): string {
  return `\uFEFF${text.replaceAll("\n", "\r\n")}`;
}

async function elevated(...args: string[]): Promise<Outcome> {
  return await wine.runElevated([PROGRAM, ...args]);
}

/** The running service, as its own files say where and with what token. */
async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const { port } = JSON.parse(readFileSync(join(home, "data", "run.json"), "utf8"));
  const token = readFileSync(join(home, "keys", "api.token"), "utf8").trim();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  return await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers, signal: AbortSignal.timeout(5_000) });
}

async function statusOnce(holds: (status: StatusView) => boolean): Promise<StatusView> {
  for (const deadline = Date.now() + 15_000; ; await Bun.sleep(100)) {
    const status = (await (await api("/status")).json()) as StatusView;
    if (holds(status)) return status;
    if (Date.now() > deadline) throw new Error(`not so in time: ${JSON.stringify(status)}`);
  }
}

test("sync gives the seats there are", async () => {
  const { code, stdout, stderr } = await wine.run([PROGRAM, "sync", "--json"]);
  expect(`${code} ${stderr}`).toBe("0 ");
  expect(JSON.parse(stdout).cycles[0]).toMatchObject({
    outcome: "succeeded",
    actions: { create: 3, assign: 2, wait: 1 },
  });
});

/** Each step builds on the one before. */
describe("as a service", () => {
  test("answers once it runs, and has done its first cycle without anybody twice", async () => {
    const installed = await elevated("service", "install");
    expect(`${installed.code} ${installed.stderr}`).toBe("0 ");
    const started = await elevated("service", "start");
    expect(`${started.code} ${started.stderr}`).toBe("0 ");
    expect((await api("/healthz")).status).toBe(200);
    const { tenants } = await statusOnce(({ tenants }) => tenants[0]?.lastCycle?.trigger === "startup");
    expect(tenants[0]?.lastCycle).toMatchObject({ outcome: "succeeded", actions: { create: 0, adopt: 0 } });
    expect(tenants[0]?.users).toMatchObject({ licensed: 2, waiting: 1 });
  });

  test("a key that was put into keys/ as a plain PEM is encrypted now; the token is there for curl", () => {
    const key = readFileSync(join(home, "keys", "contoso.pem"), "utf8");
    expect(key).toContain("TIERSYNC PROTECTED FILE");
    expect(key).not.toContain("PRIVATE KEY");
    expect(readFileSync(join(home, "logs", "tiersync.log"), "utf8")).toContain("is encrypted now");
    expect(readFileSync(join(home, "keys", "api.token"), "utf8")).toMatch(/^[\w-]{40,}\s*$/);
  });

  test("an edited rule is seen at once and applied by the next cycle", async () => {
    const edited = "rules:\n  - {name: all, tier: Pro, priority: 1, when: {any: [{group: Pro}, {group: Eco}]}}\n";
    writeFileSync(join(home, "rules", "secure-exchanges.yaml"), asNotepad(edited));
    const before = (await (await api("/status")).json()) as StatusView;
    await statusOnce(({ rules }) => rules.loadedAt !== before.rules.loadedAt);
    expect((await api("/sync", { method: "POST", body: "{}" })).status).toBe(202);
    const { tenants } = await statusOnce(
      ({ tenants }) => tenants[0]?.lastCycle?.trigger === "api" && tenants[0].lastCycle.outcome !== null,
    );
    expect(tenants[0]?.tiers).toContainEqual(expect.objectContaining({ name: "Pro", used: 2, free: 0 }));
  });

  test("a broken edit is told with its place, and the service goes on", async () => {
    writeFileSync(join(home, "rules", "secure-exchanges.yaml"), asNotepad(`${RULES}\n  - broken: [`));
    const { rules } = await statusOnce(({ rules }) => rules.errors.length > 0);
    expect(JSON.stringify(rules.errors)).toContain("rules/secure-exchanges.yaml");
    writeFileSync(join(home, "rules", "secure-exchanges.yaml"), asNotepad(RULES));
    await statusOnce(({ rules }) => rules.errors.length === 0);
  });

  test("killed, it goes on where it was at the next start", async () => {
    const { pid } = JSON.parse((await wine.run([PROGRAM, "service", "status", "--json"])).stdout);
    await wine.run(["taskkill", "/F", "/PID", String(pid)]);
    const started = await elevated("service", "start");
    expect(`${started.code} ${started.stderr}`).toBe("0 ");
    const { tenants } = await statusOnce(({ tenants }) => tenants[0]?.lastCycle?.trigger === "startup");
    expect(tenants[0]?.lastCycle).toMatchObject({ outcome: "succeeded", actions: { create: 0, adopt: 0 } });
  });

  test("status asks it; stop and uninstall end it and keep the home folder", async () => {
    const status = await wine.run([PROGRAM, "status", "--json"]);
    expect(`${status.code} ${status.stderr}`).toBe("0 ");
    const stopped = await elevated("service", "stop", "--json");
    expect(JSON.parse(stopped.stdout)).toMatchObject({ state: "stopped", exitCode: null });
    expect(existsSync(join(home, "data", "run.json"))).toBe(false);
    expect((await elevated("service", "uninstall")).code).toBe(0);
    expect(existsSync(join(home, "data", "tiersync.db"))).toBe(true);
  });
});
