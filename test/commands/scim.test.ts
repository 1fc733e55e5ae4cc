/** A tenant whose licence system is a SCIM service, from outside. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { deletedHolder, exported, type HomeOptions, openHome, type TestHome } from "../support/home.ts";
import { type StrictScim, scimError, strictScim } from "../support/strict-scim.ts";

function open(
  onDrift: "repair" | "report",
  options: Pick<HomeOptions, "purgeAfter"> = {},
): { home: TestHome; scim: StrictScim } {
  const scim = strictScim({ etag: "enforced" });
  const home = openHome({
    ...options,
    mailboxSettings: false,
    extra: `target: {kind: scim, url: "${scim.url}", token: "file:keys/scim.txt", onDrift: ${onDrift}}\nguard: {change: false}\n`,
  });
  writeFileSync(join(home.home, "keys", "scim.txt"), "secret\n", { mode: 0o600 });
  return { home, scim };
}

function tiersOf(scim: StrictScim): unknown[] {
  return [...scim.users.values()].map(
    ({ entitlements }) => (entitlements as { value: string }[] | undefined)?.[0]?.value,
  );
}

/** The events that people are told of. */
function toldOf(home: TestHome): unknown[] {
  const database = openDatabase(join(home.home, "data", "tiersync.db"), { readOnly: true });
  const rows = database.all("SELECT data FROM outbox ORDER BY id");
  database.close();
  const events = rows.map(({ data }) => JSON.parse(String(data)) as { kind: string; person: { displayName: string } });
  return events.map(({ kind, person: { displayName } }) => ({ kind, displayName }));
}

/** What somebody in the licence system does by hand. */
function setTier(scim: StrictScim, value: string): void {
  for (const [id, user] of scim.users) scim.users.set(id, { ...user, entitlements: [{ value }] });
}

function putBeside(scim: StrictScim, value: string): void {
  for (const [id, user] of scim.users) {
    scim.users.set(id, { ...user, entitlements: [...(user["entitlements"] as object[]), { value }] });
  }
}

describe("a SCIM licence system", () => {
  test("gets people, their tier and its change, each once", async () => {
    const { home, scim } = open("report");
    const ana = home.person("Ana Pro", ["Pro"]);
    expect((await home.run("sync", "--json")).json.cycles[0]).toMatchObject({
      outcome: "succeeded",
      actions: { create: 1, assign: 1 },
    });
    expect([...scim.users.values()]).toMatchObject([{ externalId: ana, userName: "ana.pro@contoso.example" }]);
    expect(tiersOf(scim)).toEqual(["Pro"]);
    home.tenant.removeMember(home.groups["Pro"] ?? "", ana);
    home.tenant.addMember(home.groups["Eco"] ?? "", ana);
    expect((await home.run("sync", "--json")).json.cycles[0].actions).toMatchObject({ change: 1 });
    expect(tiersOf(scim)).toEqual(["Eco"]);
    expect((await home.run("sync", "--json")).json.cycles[0].requests.target).toBe(0);
  });

  test("that somebody changes by hand is left with `report`", async () => {
    const { home, scim } = open("report");
    home.person("Ana Pro", ["Pro"]);
    await home.run("sync");
    setTier(scim, "Eco");
    await home.run("sync", "--full");
    expect(tiersOf(scim)).toEqual(["Eco"]);
    expect((await exported(home))["Ana Pro"]?.reason).toContain("by hand");
  });

  test("where somebody puts a higher tier beside the given one has that tier, until it is taken back with `repair`", async () => {
    const { home, scim } = open("repair");
    home.person("Ana Eco", ["Eco"]);
    await home.run("sync");
    putBeside(scim, "Pro");
    expect((await home.run("sync", "--full", "--json")).json.cycles[0].actions).toMatchObject({ change: 1 });
    expect([...scim.users.values()]).toMatchObject([{ entitlements: [{ value: "Eco" }] }]);
    expect((await exported(home))["Ana Eco"]).toMatchObject({ state: "licensed", tier: "Eco" });
  });

  test("where somebody puts a higher tier beside the given one is left with both with `report`, which says so", async () => {
    const { home, scim } = open("report");
    home.person("Ana Eco", ["Eco"]);
    await home.run("sync");
    putBeside(scim, "Pro");
    for (const _ of [1, 2]) {
      await home.run("sync", "--full");
      expect([...scim.users.values()]).toMatchObject([{ entitlements: [{ value: "Eco" }, { value: "Pro" }] }]);
      const ana = (await exported(home))["Ana Eco"];
      expect(ana).toMatchObject({ state: "licensed", tier: "Pro" });
      expect(ana?.reason).toContain("changed from Eco to Pro in the licence system by hand");
    }
    setTier(scim, "Eco");
    await home.run("sync", "--full");
    expect((await exported(home))["Ana Eco"]).toMatchObject({ tier: "Eco", reason: "rule eco" });
  });

  test("that somebody changes back three times in a row is left alone then: a conflict, until the person's groups change", async () => {
    const { home, scim } = open("repair");
    const ana = home.person("Ana Pro", ["Pro"]);
    await home.run("sync");
    for (const _ of [1, 2]) {
      setTier(scim, "Eco");
      await home.run("sync", "--full");
      expect(tiersOf(scim)).toEqual(["Pro"]);
    }
    setTier(scim, "Eco");
    await home.run("sync", "--full");
    expect(tiersOf(scim)).toEqual(["Eco"]);
    expect((await exported(home))["Ana Pro"]).toMatchObject({ state: "conflict", tier: "Eco", wanted: "Pro" });
    expect(toldOf(home)).toEqual([{ kind: "licence.contested", displayName: "Ana Pro" }]);
    await home.run("sync", "--full");
    expect(tiersOf(scim)).toEqual(["Eco"]);
    home.tenant.addMember(home.groups["Advanced"] ?? "", ana);
    await home.run("sync");
    expect(tiersOf(scim)).toEqual(["Pro"]);
    expect((await exported(home))["Ana Pro"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });
});

describe("somebody renamed on leaving", () => {
  test.each([
    ["24h", 1],
    ["0s", 0],
  ])("gives the old address up to a successor in the same cycle, with purgeAfter %s", async (purgeAfter, left) => {
    const { home, scim } = open("report", { purgeAfter });
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    home.tenant.addMember(home.groups["No_Licence"] ?? "", ana);
    home.tenant.removeMember(home.groups["Pro"] ?? "", ana);
    const gone = "zz.ana@contoso.example";
    home.tenant.updateUser(ana, { displayName: "Ana (left)", mail: gone, userPrincipalName: gone });
    const successor = home.person("Ana", ["Pro"]);
    const { json } = await home.run("sync", "--json");
    expect(json.cycles[0]).toMatchObject({
      outcome: "succeeded",
      failures: [],
      actions: { revoke: 1, update: 1, create: 1 },
    });
    const names = [...scim.users.values()].map(({ userName, externalId }) => [userName, externalId]);
    expect(names.filter(([, id]) => id === successor)).toEqual([["ana@contoso.example", successor]]);
    expect(names.filter(([, id]) => id === ana)).toEqual(left === 0 ? [] : [[gone, ana]]);
    expect((await home.run("sync", "--json")).json.cycles[0].requests.target).toBe(0);
  });
});

describe("tiersync accounts revoke", () => {
  test("whose answer is lost on the way back has its record after the next cycle, and the purge can follow", async () => {
    const { home, scim } = open("report");
    const ana = await deletedHolder(home);
    scim.fault = ({ method }) => {
      if (method === "GET") return null;
      for (const [id, user] of scim.users) scim.users.set(id, { ...user, entitlements: [] });
      return scimError(502);
    };
    expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 1 });
    scim.fault = () => null;
    await home.run("sync", "--full");
    const { json } = await home.run("explain", ana, "--json");
    expect(json.decisions[0]).toMatchObject({ type: "revoked", tier: "Pro" });
    expect(await home.run("accounts", "purge", ana, "--yes")).toMatchObject({ code: 0 });
    expect([...scim.users.values()]).toEqual([]);
  });
});

describe("tiersync accounts link", () => {
  test("leaves the account whose it was while the licence system is down, and can be given again", async () => {
    const { home, scim } = open("report");
    await deletedHolder(home, "Ben");
    const successor = home.person("Ben", ["Pro"], { displayName: "Ben the younger" });
    await home.run("sync");
    scim.fault = ({ method }) => (method === "GET" ? null : scimError(503));
    expect(await home.run("accounts", "link", successor, "--yes")).toMatchObject({ code: 1 });
    expect((await exported(home))["Ben"]).toMatchObject({ state: "conflict", tier: "Pro" });
    scim.fault = () => null;
    expect(await home.run("accounts", "link", successor, "--yes")).toMatchObject({ code: 0 });
    await home.run("sync");
    expect((await exported(home))["Ben the younger"]).toMatchObject({ state: "licensed", tier: "Pro" });
    expect([...scim.users.values()]).toMatchObject([{ externalId: successor }]);
  });
});

describe("tiersync check on a SCIM licence system", () => {
  test("says what the service can do", async () => {
    const { home } = open("report");
    const { json } = await home.run("check", "--json");
    const target = json.checks.find(({ id }) => id === "target");
    expect(target).toMatchObject({ level: "ok", tenant: "contoso" });
    expect(target?.message).toContain("patch, filter, etag");
  });

  test("says what to do when the token is refused", async () => {
    const { home } = open("report");
    writeFileSync(join(home.home, "keys", "scim.txt"), "wrong\n", { mode: 0o600 });
    const { code, json } = await home.run("check", "--json");
    expect(code).toBe(1);
    const target = json.checks.find(({ id }) => id === "target");
    expect(target).toMatchObject({ level: "fail" });
    expect(target?.message).toContain("ERR_TARGET_FORBIDDEN");
  });
});
