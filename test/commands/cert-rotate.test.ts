import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCertificate } from "../../src/entra/certificate.ts";
import { createLogging } from "../../src/platform/logging.ts";
import { startAgent } from "../../src/running.ts";
import { makeCertificate } from "../support/certificate.ts";
import { openHome, type TestHome } from "../support/home.ts";

const read = (home: TestHome, file: string): string => readFileSync(join(home.home, "keys", file), "utf8");
const thumbprint = (home: TestHome, file: string): string => readCertificate(read(home, file)).sha1;
const keys = (home: TestHome): string[] =>
  readdirSync(join(home.home, "keys"))
    .filter((file) => /\.(pem|crt)$/.test(file))
    .sort();

/** The app registration holds exactly these certificates from now on. */
function register(home: TestHome, ...certificates: readonly string[]): void {
  const [application] = home.tenant.applications.values();
  if (application === undefined) throw new TypeError("no app registration");
  home.tenant.register({ clientId: application.clientId, certificates });
}

async function sync(home: TestHome) {
  const { code, json, err } = await home.run("sync", "--json");
  return { code, err, cycle: json.cycles[0] };
}

describe("tiersync cert rotate", () => {
  test("makes a next certificate of the present one's size beside it, and tells both thumbprints and what to upload", async () => {
    const home = openHome();
    const before = read(home, "contoso.pem");
    const { code, out } = await home.run("cert", "rotate", "--days", "100");
    expect(code).toBe(0);
    expect(read(home, "contoso.pem")).toBe(before);
    expect(keys(home)).toEqual(["contoso.next.crt", "contoso.next.pem", "contoso.pem"]);
    const next = readCertificate(read(home, "contoso.next.pem"));
    expect(next.key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(Math.round((next.expiresAt - Date.now()) / 86_400_000)).toBe(100);
    for (const text of [thumbprint(home, "contoso.pem"), next.sha1, "upload keys/contoso.next.crt"]) {
      expect(out).toContain(text);
    }
    expect(out).not.toContain("PRIVATE KEY");
    expect(read(home, "contoso.next.crt")).not.toContain("PRIVATE KEY");
  });

  test("gives both in JSON, and refuses to make another while one waits", async () => {
    const home = openHome();
    const { json } = await home.run("cert", "rotate", "contoso", "--json");
    expect(json).toMatchObject({
      name: "contoso",
      present: { keyFile: "keys/contoso.pem", thumbprint: thumbprint(home, "contoso.pem"), tenants: ["contoso"] },
      next: { role: "next", certificateFile: "keys/contoso.next.crt", daysLeft: 364 },
    });
    const before = read(home, "contoso.next.pem");
    const again = await home.run("cert", "rotate", "contoso", "--json");
    expect(again.code).toBe(2);
    expect(again.error).toMatchObject({ code: "ERR_EXISTS" });
    expect(again.error.hint).toContain("keys/contoso.next.crt");
    expect(read(home, "contoso.next.pem")).toBe(before);
  });

  test("asks which one is meant when there are several, and takes a tenant's name too", async () => {
    const home = openHome();
    home.rewrite((text) => text.replaceAll("keys/contoso.pem", "keys/first.pem"));
    renameSync(join(home.home, "keys/contoso.pem"), join(home.home, "keys/first.pem"));
    const { pem } = makeCertificate();
    writeFileSync(join(home.home, "keys/second.pem"), pem, { mode: 0o600 });
    expect((await home.run("cert", "rotate", "third", "--json")).error).toMatchObject({
      code: "ERR_NOT_FOUND",
      hint: "there are: first, second",
    });
    expect((await home.run("cert", "rotate", "contoso", "--json")).json).toMatchObject({ name: "first" });
    home.rewrite((text) => text.replace("certificate: keys/first.pem", "clientSecret: file:keys/contoso.txt"));
    const unsure = await home.run("cert", "rotate", "--json");
    expect(unsure.code).toBe(2);
    expect(unsure.error.hint).toContain("first, second");
  });
});

describe("the next certificate", () => {
  test("is tried each cycle, taken when Entra accepts it, and goes on when the old one is removed", async () => {
    const home = openHome();
    home.person("Ana Pro", ["Pro"]);
    const old = read(home, "contoso.pem");
    await home.run("cert", "rotate");
    const next = read(home, "contoso.next.pem");
    const waiting = await sync(home);
    expect(waiting).toMatchObject({ code: 0, cycle: { outcome: "succeeded", requests: { token: 2 } } });
    expect(read(home, "contoso.pem")).toBe(old);

    register(home, old, next);
    const switched = await sync(home);
    expect(switched).toMatchObject({ code: 0, cycle: { outcome: "succeeded", requests: { token: 1 } } });
    expect(read(home, "contoso.pem")).toBe(next);
    expect(read(home, "contoso.old.pem")).toBe(old);
    expect(keys(home)).toEqual(["contoso.crt", "contoso.old.crt", "contoso.old.pem", "contoso.pem"]);
    expect(next).toContain(read(home, "contoso.crt").trim());
    const log = readFileSync(join(home.home, "logs/tiersync.log"), "utf8");
    expect(log).toContain("switched to the next certificate");
    expect(log).toContain(readCertificate(next).sha1);

    register(home, next);
    expect(await sync(home)).toMatchObject({ code: 0, cycle: { outcome: "succeeded", requests: { token: 1 } } });
  });

  test("costs a running agent one token request a cycle until it is taken, and none before and after; no restart", async () => {
    const home = openHome();
    const logging = createLogging({ home: home.home, level: "info", maxSize: 1e6, maxFiles: 2, stderr: "off" });
    const running = await startAgent({ home: home.home, env: {}, logging });
    try {
      await running.firstCycles;
      const tokens = async (): Promise<number> => {
        const { cycle } = await sync(home); // the running agent is asked
        expect(cycle).toMatchObject({ trigger: "api", outcome: "succeeded" });
        return cycle.requests.token;
      };
      expect(await tokens()).toBe(0);
      const old = read(home, "contoso.pem");
      await home.run("cert", "rotate");
      expect([await tokens(), await tokens()]).toEqual([1, 1]);
      const next = read(home, "contoso.next.pem");
      register(home, old, next);
      expect([await tokens(), await tokens()]).toEqual([1, 0]);
      expect(running.status().tenants[0]?.credential).toMatchObject({ thumbprint: readCertificate(next).sha1 });
    } finally {
      await running.stop(4000);
      logging.dispose();
    }
  });

  test.each([
    ["is broken", (file: string) => writeFileSync(file, "nothing", { mode: 0o600 })],
    ["can be read by others", (file: string) => chmodSync(file, 0o644)],
    ["has no certificate", (file: string) => writeFileSync(file, makeCertificate().keyPem, { mode: 0o600 })],
  ])("does no harm when it %s", async (_, spoil) => {
    const home = openHome();
    home.person("Ana Pro", ["Pro"]);
    const old = read(home, "contoso.pem");
    await home.run("cert", "rotate");
    spoil(join(home.home, "keys/contoso.next.pem"));
    expect(await sync(home)).toMatchObject({
      code: 0,
      cycle: { outcome: "succeeded", requests: { token: 1 }, actions: { create: 1 } },
    });
    expect(read(home, "contoso.pem")).toBe(old);
    expect(readFileSync(join(home.home, "logs/tiersync.log"), "utf8")).toContain("the next certificate cannot be used");
  });

  test("takes over by itself when the present one is no longer registered or cannot be read", async () => {
    for (const spoil of [() => undefined, (file: string) => writeFileSync(file, "nothing", { mode: 0o600 })]) {
      const home = openHome();
      await home.run("cert", "rotate");
      const next = read(home, "contoso.next.pem");
      register(home, next);
      spoil(join(home.home, "keys/contoso.pem"));
      expect((await sync(home)).code).toBe(0);
      expect(read(home, "contoso.pem")).toBe(next);
    }
  });

  test("is not switched to by plan and check, which change nothing", async () => {
    const home = openHome();
    const old = read(home, "contoso.pem");
    await home.run("cert", "rotate");
    register(home, old, read(home, "contoso.next.pem"));
    expect((await home.run("plan")).code).toBe(0);
    expect((await home.run("check")).code).toBe(0);
    expect(read(home, "contoso.pem")).toBe(old);
    expect(existsSync(join(home.home, "keys/contoso.next.pem"))).toBe(true);
  });

  test("is told by check and by cert show", async () => {
    const home = openHome();
    const find = async () => {
      const { json } = await home.run("check", "--json");
      return json.checks.find(({ id }) => id === "credential.next");
    };
    expect(await find()).toBeUndefined();
    const old = read(home, "contoso.pem");
    await home.run("cert", "rotate");
    const next = read(home, "contoso.next.pem");
    expect(await find()).toMatchObject({ level: "warn", hint: expect.stringContaining("upload") });
    register(home, old, next);
    expect(await find()).toMatchObject({ level: "ok", message: expect.stringContaining("the next cycle switches") });
    const roles = async (): Promise<object[]> => {
      const { json } = await home.run("cert", "show", "--json");
      return json.items.map((item) => {
        const { name, role, keyFile, tenants } = item;
        return { name, role, keyFile, tenants, days: "daysLeft" in item ? typeof item.daysLeft : "unreadable" };
      });
    };
    const shown = { name: "contoso", tenants: ["contoso"], days: "number" };
    expect(await roles()).toEqual([
      { ...shown, role: "present", keyFile: "keys/contoso.pem" },
      { ...shown, role: "next", keyFile: "keys/contoso.next.pem" },
    ]);
    expect((await home.run("cert", "show")).out).toContain("contoso, next: used as soon as Entra accepts it");
    await sync(home);
    expect(await roles()).toEqual([
      { ...shown, role: "present", keyFile: "keys/contoso.pem" },
      { ...shown, role: "old", keyFile: "keys/contoso.old.pem" },
    ]);
  });

  test("is switched to only when every tenant that shares the certificate takes it", async () => {
    const home = openHome();
    home.rewrite((text) => {
      const entry = /(\s{2}- name: contoso[\s\S]+?\n)(?=tiers:)/.exec(text)?.[1] ?? "";
      const twin = entry
        .replace("name: contoso", "name: fabrikam")
        .replace(/clientId: \S+/, "clientId: aaaaaaaa-0000-4000-8000-000000000002");
      return text.replace(entry, `${entry}${twin}`);
    });
    const old = read(home, "contoso.pem");
    const twin = { clientId: "aaaaaaaa-0000-4000-8000-000000000002" };
    home.tenant.register({ ...twin, certificates: [old] });
    await home.run("cert", "rotate", "contoso");
    const next = read(home, "contoso.next.pem");
    register(home, old, next);
    expect((await home.run("sync")).code).toBe(0);
    expect(read(home, "contoso.pem")).toBe(old);
    home.tenant.register({ ...twin, certificates: [old, next] });
    expect((await home.run("sync")).code).toBe(0);
    expect(read(home, "contoso.pem")).toBe(next);
  });
});
