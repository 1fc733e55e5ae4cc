/** What the product promises, seen from outside: `sync` against a simulated tenant, `export` of what came of it. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { exported, exportedPerson, openHome, type TestHome } from "../support/home.ts";

const HOUR = 60 * 60 * 1000;

afterEach(() => {
  setSystemTime();
});

/** Both clocks, Graph's and this computer's. */
function passTime(milliseconds: number): void {
  setSystemTime(new Date(Date.now() + milliseconds));
}

/** One good cycle's actions that are not 0. */
async function sync(home: TestHome, ...options: string[]): Promise<Record<string, number>> {
  const { code, json } = await home.run("sync", "--json", ...options);
  expect(json.cycles[0].error).toBeNull();
  expect(code).toBe(0);
  return Object.fromEntries(Object.entries<number>(json.cycles[0].actions).filter(([, count]) => count > 0));
}

function move(home: TestHome, person: string, from: string, to: string): void {
  home.tenant.removeMember(home.groups[from] as string, person);
  home.tenant.addMember(home.groups[to] as string, person);
}

async function events(home: TestHome, person: string): Promise<readonly string[]> {
  const { json } = await home.run("explain", person, "--json");
  return json.decisions.map(({ type }) => type);
}

describe("somebody who appears in a tier group", () => {
  test("is created and gets a seat, and the next cycle has nothing to do", async () => {
    const home = openHome();
    home.person("Ana", ["Eco"]);
    await sync(home);
    home.person("Ben", ["Pro"]);
    expect(await sync(home)).toEqual({ create: 1, assign: 1 });
    expect((await exported(home))["Ben"]).toMatchObject({
      state: "licensed",
      reason: "rule pro",
      tier: "Pro",
      wanted: "Pro",
      rule: { name: "pro", file: "rules/secure-exchanges.yaml" },
      groups: ["Pro"],
      purgeAt: null,
    });
    const { json } = await home.run("sync", "--json");
    expect(json.cycles[0]).toMatchObject({ kind: "incremental", outcome: "succeeded", failures: [], held: {} });
    expect(Object.values(json.cycles[0].actions).every((count) => count === 0)).toBe(true);
    expect(json.cycles[0].requests.graph).toBeLessThanOrEqual(2);
  });

  test("counts through nested groups, and the highest tier wins", async () => {
    const home = openHome();
    const nested = home.tenant.addGroup("Lawyers");
    home.tenant.addMember(home.groups["Pro"] as string, nested);
    home.person("Ana", ["Eco", nested]);
    await sync(home);
    expect((await exported(home))["Ana"]).toMatchObject({ tier: "Pro", groups: ["Eco", "Pro"] });
  });

  test("waits without a licence when every seat is taken, and gets the next one bought", async () => {
    const home = openHome({ seats: { Pro: 1 } });
    home.person("Ana", ["Pro"]);
    await sync(home);
    home.person("Ben", ["Pro"]);
    expect(await sync(home)).toEqual({ create: 1, wait: 1 });
    expect((await exported(home))["Ben"]).toMatchObject({ state: "waiting", tier: null, wanted: "Pro", position: 1 });
    home.rewrite((text) => text.replace("Pro: {seats: 1}", "Pro: {seats: 2}"));
    expect(await sync(home)).toEqual({ assign: 1 });
    expect((await exported(home))["Ben"]).toMatchObject({ state: "licensed", tier: "Pro", position: null });
  });

  test("is skipped as a guest, disabled or a shared mailbox, and the reason says so", async () => {
    const home = openHome();
    home.person("Guest", ["Pro"], { userType: "Guest" });
    home.person("Disabled", ["Pro"], { accountEnabled: false });
    const shared = home.person("Shared", ["Pro"]);
    home.tenant.setMailbox(shared, { kind: "present", userPurpose: "shared", locale: null, timeZone: null });
    expect(await sync(home)).toEqual({});
    const people = await exported(home);
    for (const name of ["Guest", "Disabled", "Shared"]) {
      expect(people[name]).toMatchObject({ state: "skipped", tier: null, targetId: null });
    }
  });
});

describe("a seat that is freed", () => {
  test("goes in the same cycle to whoever waits longest", async () => {
    const home = openHome({ seats: { Pro: 1 }, extra: "guard: {create: false}" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    for (const name of ["Zoe", "Ben", "Cid"]) {
      home.person(name, ["Pro"]);
      passTime(60_000);
      await sync(home);
    }
    const before = await exported(home);
    expect([before["Zoe"]?.position, before["Ben"]?.position, before["Cid"]?.position]).toEqual([1, 2, 3]);
    move(home, ana, "Pro", "No_Licence");
    expect(await sync(home)).toEqual({ revoke: 1, assign: 1 });
    const after = await exported(home);
    expect(after["Ana"]).toMatchObject({ state: "unlicensed", tier: null, wanted: "No_Licence" });
    expect(after["Zoe"]).toMatchObject({ state: "licensed", tier: "Pro" });
    expect([after["Ben"]?.position, after["Cid"]?.position]).toEqual([1, 2]);
  });
});

describe("No_Licence", () => {
  test("takes the licence and deletes the event logs at once with purgeAfter 0s", async () => {
    const home = openHome({ purgeAfter: "0s" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    expect(await events(home, ana)).toEqual(["assigned", "created"]);
    move(home, ana, "Pro", "No_Licence");
    expect(await sync(home)).toEqual({ revoke: 1, purge: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unlicensed", tier: null, purgeAt: null });
    expect(await events(home, ana)).not.toContain("assigned");
  });

  test("deletes the event logs only when purgeAfter has passed, and says when that is", async () => {
    const home = openHome({ purgeAfter: "24h" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    move(home, ana, "Pro", "No_Licence");
    expect(await sync(home)).toEqual({ revoke: 1 });
    const { since, purgeAt } = await exportedPerson(home, "Ana");
    expect(Date.parse(purgeAt ?? "") - Date.parse(since)).toBe(24 * HOUR);
    passTime(23 * HOUR);
    expect(await sync(home)).toEqual({});
    expect(await events(home, ana)).toContain("assigned");
    passTime(HOUR + 1000);
    expect(await sync(home)).toEqual({ purge: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unlicensed", purgeAt: null });
    expect(await events(home, ana)).not.toContain("assigned");
  });

  test("left in time gives the account, its logs and a seat back", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    const before = await exportedPerson(home, "Ana");
    move(home, ana, "Pro", "No_Licence");
    await sync(home);
    move(home, ana, "No_Licence", "Pro");
    expect(await sync(home)).toEqual({ assign: 1 });
    const after = (await exported(home))["Ana"];
    expect(after).toMatchObject({ state: "licensed", tier: "Pro", purgeAt: null, targetId: before.targetId });
    expect(await events(home, ana)).toEqual(["assigned", "revoked", "assigned", "created"]);
    passTime(25 * HOUR);
    expect(await sync(home)).toEqual({});
  });

  test("together with a paid group takes the seat, and purges nothing while there is doubt", async () => {
    const home = openHome({ purgeAfter: "0s" });
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    home.tenant.addMember(home.groups["No_Licence"] as string, ana);
    expect(await sync(home)).toEqual({ revoke: 1 });
    const doubtful = await exportedPerson(home, "Ana");
    expect(doubtful).toMatchObject({ state: "unlicensed", tier: null, purgeAt: null });
    expect(doubtful.reason).toContain("event logs are kept while rule pro matches too");
    home.tenant.removeMember(home.groups["Pro"] as string, ana);
    expect(await sync(home)).toEqual({ purge: 1 });
  });

  test("creates no account for somebody who never had one", async () => {
    const home = openHome();
    home.person("Ana", ["No_Licence"]);
    expect(await sync(home)).toEqual({});
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unlicensed", tier: null, targetId: null });
  });

  test("takes the licence of a disabled leaver too", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    home.tenant.updateUser(ana, { accountEnabled: false });
    move(home, ana, "Pro", "No_Licence");
    expect(await sync(home)).toEqual({ revoke: 1 });
  });
});

describe("who is no longer managed keeps the licence", () => {
  const leave: Record<string, (home: TestHome, person: string) => void> = {
    "having left every group": (home, person) => home.tenant.removeMember(home.groups["Pro"] as string, person),
    "deleted in Entra": (home, person) => home.tenant.deleteUser(person),
    "deleted for good in Entra": (home, person) => home.tenant.purgeUser(person),
    "turned into a guest": (home, person) => home.tenant.updateUser(person, { userType: "Guest" }),
    disabled: (home, person) => home.tenant.updateUser(person, { accountEnabled: false }),
  };
  test.each(Object.keys(leave))("%s", async (how) => {
    const home = openHome({ seats: { Pro: 1 } });
    const ana = home.person("Ana", ["Pro"]);
    home.person("Ben", ["Pro"], { id: "ffffffff-0000-4000-8000-000000000001" }); // after Ana in the queue
    await sync(home);
    leave[how]?.(home, ana);
    const done = await sync(home);
    expect(done["revoke"]).toBeUndefined();
    expect(done["purge"]).toBeUndefined();
    const after = await exported(home);
    expect(after["Ana"]).toMatchObject({ state: "unmanaged", tier: "Pro", purgeAt: null });
    // The seat is in use, managed or not.
    expect(after["Ben"]).toMatchObject({ state: "waiting", tier: null });
    passTime(48 * HOUR);
    expect(await sync(home, "--full")).toEqual({});
    expect((await exported(home))["Ana"]).toMatchObject({ state: "unmanaged", tier: "Pro" });
  });

  test("and coming back is no action when the tier fits", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    home.tenant.removeMember(home.groups["Pro"] as string, ana);
    await sync(home);
    home.tenant.addMember(home.groups["Pro"] as string, ana);
    expect(await sync(home)).toEqual({});
    expect((await exported(home))["Ana"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });
});

describe("moving between tiers", () => {
  test("is one change: account and event log stay", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Eco"]);
    await sync(home);
    const before = await exportedPerson(home, "Ana");
    move(home, ana, "Eco", "Pro");
    expect(await sync(home)).toEqual({ change: 1 });
    const after = (await exported(home))["Ana"];
    expect(after).toMatchObject({ state: "licensed", tier: "Pro", targetId: before.targetId });
    expect(await events(home, ana)).toEqual(["changed", "assigned", "created"]);
  });

  test("into a full tier keeps the old one and waits", async () => {
    const home = openHome({ seats: { Pro: 1 } });
    const ben = home.person("Ben", ["Pro"]);
    const ana = home.person("Ana", ["Eco"]);
    await sync(home);
    move(home, ana, "Eco", "Pro");
    expect(await sync(home)).toEqual({ wait: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({
      state: "waiting",
      tier: "Eco",
      wanted: "Pro",
      position: 1,
      reason: "no free seat of Pro; keeps Eco",
    });
    move(home, ben, "Pro", "No_Licence");
    expect(await sync(home)).toEqual({ revoke: 1, change: 1 });
    expect((await exported(home))["Ana"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });

  test("swaps two full tiers in one cycle", async () => {
    const home = openHome({ seats: { Eco: 1, Pro: 1 } });
    const ana = home.person("Ana", ["Eco"]);
    const ben = home.person("Ben", ["Pro"]);
    await sync(home);
    move(home, ana, "Eco", "Pro");
    move(home, ben, "Pro", "Eco");
    expect(await sync(home)).toEqual({ change: 2 });
    const after = await exported(home);
    expect([after["Ana"]?.tier, after["Ben"]?.tier]).toEqual(["Pro", "Eco"]);
  });

  test("never takes anything when fewer seats are bought than used", async () => {
    const home = openHome({ seats: { Pro: 2 } });
    home.person("Ana", ["Pro"]);
    home.person("Ben", ["Pro"]);
    await sync(home);
    home.rewrite((text) => text.replace("Pro: {seats: 2}", "Pro: {seats: 1}"));
    expect(await sync(home)).toEqual({});
    const { json } = await home.run("plan", "--json");
    expect(json.tenants[0].tiers).toContainEqual({ name: "Pro", seats: 1, used: 2, free: 0, overdraft: 1, waiting: 0 });
  });
});

describe("the same person", () => {
  test("stays the same with another name and address", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await sync(home);
    const before = await exportedPerson(home, "Ana");
    const mail = "ana.new@contoso.example";
    home.tenant.updateUser(ana, { displayName: "Ana New", mail, userPrincipalName: mail });
    expect(await sync(home)).toEqual({ update: 1 });
    const after = (await exported(home))["Ana New"];
    expect(after).toMatchObject({ id: ana, address: mail, tier: "Pro", targetId: before.targetId });
    expect(await events(home, ana)).toContain("assigned");
  });
});
