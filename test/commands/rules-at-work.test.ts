/** Edits of the rules, time, addresses and deletions, seen from outside. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exported, exportedPerson, openHome, RULES, type TestHome } from "../support/home.ts";

const HOUR = 60 * 60 * 1000;

afterEach(() => {
  setSystemTime();
});

async function sync(home: TestHome): Promise<Record<string, number>> {
  const { code, json } = await home.run("sync", "--json");
  expect(json.cycles[0].error).toBeNull();
  expect(code).toBe(0);
  return Object.fromEntries(Object.entries<number>(json.cycles[0].actions).filter(([, count]) => count > 0));
}

function addRule(home: TestHome, line: string): void {
  home.writeRules(RULES.replace("\ntests:", `  - ${line}\n\ntests:`));
}

describe("an edit of the rules", () => {
  test("that needs an attribute not read before reads it for everybody before anything is decided", async () => {
    const home = openHome();
    home.person("Ana", ["Eco"], { department: "Legal" });
    const ben = home.person("Ben", ["Eco"], { department: "Sales" });
    await sync(home);
    addRule(
      home,
      "{name: lawyers, tier: Pro, priority: 40, when: {all: [{group: Eco}, {attribute: department, equals: legal}]}}",
    );
    expect(await sync(home)).toEqual({ change: 1 });
    const people = await exported(home);
    expect([people["Ana"]?.tier, people["Ben"]?.tier]).toEqual(["Pro", "Eco"]);
    home.tenant.updateUser(ben, { department: "LEGAL" });
    expect(await sync(home)).toEqual({ change: 1 });
  });

  test("that takes a rule away leaves its people unmanaged, with what they have", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await sync(home);
    home.writeRules(RULES.replace(/.*name: pro,.*\n/, "").replace(/.*pro beats eco.*\n/, ""));
    expect((await sync(home))["revoke"]).toBeUndefined();
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unmanaged", tier: "Pro" });
  });

  test("with `until` in the past has lost its people; with `from` in the future has none yet", async () => {
    const home = openHome();
    home.person("Ana", ["Eco"]);
    await sync(home);
    const day = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
    addRule(home, `{name: soon, tier: Pro, priority: 50, when: {group: Eco}, from: "${day(1)}", until: "${day(2)}"}`);
    expect(await sync(home)).toEqual({});
    setSystemTime(new Date(Date.now() + HOUR + 60_000));
    expect(await sync(home)).toEqual({ change: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({ tier: "Pro", reason: "rule soon" });
    setSystemTime(new Date(Date.now() + HOUR));
    expect(await sync(home)).toEqual({ change: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({ tier: "Eco", reason: "rule eco" });
  });

  test("may name any group of the tenant by id or with `anywhere`", async () => {
    const home = openHome();
    const elsewhere = home.tenant.addGroup("Board");
    const other = home.tenant.addGroup("Auditors");
    home.person("Ana", [elsewhere]);
    home.person("Ben", [other]);
    home.person("Cid", ["Eco"]);
    await sync(home);
    expect(Object.keys(await exported(home))).toEqual(["Cid"]);
    addRule(
      home,
      `{name: board, tier: Pro, priority: 60, when: {any: [{group: {id: ${elsewhere}}}, {group: {name: auditors, anywhere: true}}]}}`,
    );
    expect((await home.run("sync", "--json")).json.cycles[0].error).toBeNull();
    const people = await exported(home);
    expect(people["Ana"]).toMatchObject({ wanted: "Pro", groups: ["Board"] });
    expect(people["Ben"]).toMatchObject({ wanted: "Pro", groups: ["Auditors"] });
  });
});

describe("`plan`", () => {
  test("says what the next `sync` then does, and changes nothing anywhere", async () => {
    const home = openHome({ seats: { Pro: 2 } });
    const ana = home.person("Ana", ["Pro"]);
    const ben = home.person("Ben", ["Eco"]);
    home.person("Cid", ["Pro"]);
    await sync(home);
    home.tenant.removeMember(home.groups["Pro"] as string, ana);
    home.tenant.addMember(home.groups["No_Licence"] as string, ana);
    home.tenant.addMember(home.groups["Pro"] as string, ben);
    home.person("Dee", ["Pro"]);
    const bytes = (): Record<string, string> =>
      Object.fromEntries(
        readdirSync(home.home, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]),
      );
    const before = bytes();
    const { json } = await home.run("plan", "--json");
    expect(bytes()).toEqual(before);
    const people = await exported(home);
    await home.run("plan");
    expect(await exported(home)).toEqual(people);
    const [tenant] = json.tenants;
    expect(Object.keys(tenant).sort()).toEqual(["actions", "held", "name", "tiers", "waiting"]);
    const counts: Record<string, number> = {};
    for (const { kind } of tenant.actions) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(await sync(home)).toEqual(counts);
    expect(tenant.tiers.find(({ name }) => name === "Pro")).toMatchObject({
      seats: 2,
      used: 2,
      waiting: 1,
    });
    expect((await home.run("plan", "--json")).json.tenants[0].actions).toEqual([]);
  });
});

describe("an address", () => {
  test("that two people claim is a conflict of both, and nothing is done", async () => {
    const home = openHome();
    const mail = "office@contoso.example";
    home.person("Ana", ["Pro"], { mail });
    home.person("Ben", ["Pro"], { mail: mail.toUpperCase() });
    expect(await sync(home)).toEqual({});
    const people = await exported(home);
    for (const name of ["Ana", "Ben"]) {
      expect(people[name]).toMatchObject({ state: "conflict", tier: null, targetId: null });
      expect(people[name]?.reason).toContain("address");
    }
  });

  test("given to somebody new after its owner left is never that owner's account", async () => {
    const home = openHome();
    const mail = "desk@contoso.example";
    const ana = home.person("Ana", ["Pro"], { mail });
    await sync(home);
    home.tenant.purgeUser(ana);
    await sync(home);
    home.person("Ben", ["Pro"], { mail, userPrincipalName: "ben@contoso.example" });
    const done = await sync(home);
    expect(done["adopt"]).toBeUndefined();
    const people = await exported(home);
    expect(people["Ben"]).toMatchObject({ state: "conflict", tier: null, targetId: null });
    expect(people["Ana"]?.tier).toBe("Pro");
  });
});

describe("deletion in Entra", () => {
  test("does not cancel a purge that is still to come", async () => {
    const home = openHome({ purgeAfter: "24h" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    home.tenant.removeMember(home.groups["Pro"] as string, ana);
    home.tenant.addMember(home.groups["No_Licence"] as string, ana);
    expect(await sync(home)).toEqual({ revoke: 1 });
    const { purgeAt } = await exportedPerson(home, "Ana");
    expect(purgeAt).not.toBeNull();
    home.tenant.deleteUser(ana);
    await sync(home);
    expect((await exported(home))["Ana"]?.purgeAt).toBe(purgeAt);
    setSystemTime(new Date(Date.now() + 25 * HOUR));
    expect(await sync(home)).toEqual({ purge: 1 });
  });

  test("undone brings the person back under management", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    home.tenant.deleteUser(ana);
    await sync(home);
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unmanaged", tier: "Pro" });
    home.tenant.restoreUser(ana);
    expect(await sync(home)).toEqual({});
    expect((await exported(home))["Ana"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });
});

describe("a computer's clock that is off", () => {
  const revoke = (home: TestHome, person: string): void => {
    home.tenant.removeMember(home.groups["Pro"] as string, person);
    home.tenant.addMember(home.groups["No_Licence"] as string, person);
  };

  test("suspends purges, warns, and takes and gives licences all the same", async () => {
    const home = openHome({ purgeAfter: "0s", credential: "secret" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    revoke(home, ana);
    home.tenant.clock.advance(6 * 60_000);
    const { code, json, err } = await home.run("sync", "--json");
    expect(code).toBe(0);
    expect(json.cycles[0].actions).toMatchObject({ revoke: 1, purge: 0 });
    expect(err).toContain("purges are suspended");
    // Set right: Graph's time goes on as it did.
    setSystemTime(new Date(Date.now() + 6 * 60_000));
    home.tenant.clock.advance(-6 * 60_000);
    expect(await sync(home)).toEqual({ purge: 1 });
  });

  test("by so much that Entra refuses the certificate's assertion is named as what it is", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    home.tenant.clock.advance(3 * HOUR);
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(1);
    expect(json.cycles[0].error).toMatchObject({ code: "ERR_CLOCK", hint: expect.stringContaining("NTP") });
  });
});
