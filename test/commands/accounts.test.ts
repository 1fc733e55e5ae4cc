import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deletedHolder, openHome, type TestHome } from "../support/home.ts";
import { openMailHome } from "../support/mail-home.ts";
import { startTestAgent } from "../support/running-agent.ts";

const open = (): TestHome => openHome({ seats: { Pro: 1 } });

async function person(home: TestHome, id: string) {
  const { json } = await home.run("export", "--json");
  return json.items.find((item) => item.id === id);
}

describe("tiersync accounts", () => {
  test("revoke takes the seat of somebody deleted in Entra, and the next cycle gives it away", async () => {
    const home = open();
    const ana = await deletedHolder(home);
    const ben = home.person("Ben Waits", ["Pro"]);
    await home.run("sync");
    expect(await person(home, ana)).toMatchObject({ state: "unmanaged", tier: "Pro" });
    expect(await person(home, ben)).toMatchObject({ state: "waiting", tier: null });
    expect((await home.run("accounts", "revoke", ana, "--yes")).code).toBe(0);
    expect(await person(home, ana)).toMatchObject({ tier: null, reason: expect.stringContaining("taken by hand") });
    await home.run("sync");
    expect(await person(home, ana)).toMatchObject({ state: "unmanaged", tier: null });
    expect(await person(home, ben)).toMatchObject({ state: "licensed", tier: "Pro" });
  });

  test("revoke refuses somebody whom a rule manages, and says what to do", async () => {
    const home = open();
    const ana = home.person("Ana Pro", ["Pro"]);
    await home.run("sync");
    const { code, err } = await home.run("accounts", "revoke", ana, "--yes");
    expect(code).toBe(1);
    expect(err).toContain("No_Licence");
    expect(await person(home, ana)).toMatchObject({ tier: "Pro" });
  });

  test("purge refuses before the licence was taken, then deletes the event log", async () => {
    const home = open();
    const ana = await deletedHolder(home);
    expect((await home.run("accounts", "purge", ana, "--yes")).err).toContain("accounts revoke");
    await home.run("accounts", "revoke", ana, "--yes");
    expect((await home.run("accounts", "purge", ana, "--yes")).code).toBe(0);
    const { json } = await home.run("explain", ana, "--json");
    expect(json.decisions.map(({ type }) => type)).toEqual(["purged"]);
  });

  test("asks at a terminal only, unless told --yes", async () => {
    const home = open();
    const ana = await deletedHolder(home);
    const { code, err } = await home.run("accounts", "revoke", ana);
    expect(code).toBe(2);
    expect(err).toContain("--yes");
    expect(await person(home, ana)).toMatchObject({ tier: "Pro" });
  });

  test("link gives the account of a deleted person to the one who was made anew with the same address", async () => {
    const home = open();
    const old = await deletedHolder(home);
    home.tenant.purgeUser(old);
    const fresh = home.person("Ana Gone", ["Pro"]);
    await home.run("sync");
    expect(await person(home, fresh)).toMatchObject({ state: "conflict", tier: null });
    expect((await home.run("accounts", "link", fresh, "--yes")).code).toBe(0);
    await home.run("sync");
    expect(await person(home, fresh)).toMatchObject({ state: "licensed", tier: "Pro" });
    expect(await person(home, old)).toMatchObject({ state: "unmanaged", tier: null });
  });

  test("beside a running agent frees the seat for its next cycle", async () => {
    const home = open();
    const ana = await deletedHolder(home);
    home.person("Ben Waits", ["Pro"]);
    const running = await startTestAgent(home);
    const pro = () => running.status().tenants[0]?.tiers.find(({ name }) => name === "Pro");
    expect(pro()).toMatchObject({ used: 1, waiting: 1 });
    expect((await home.run("accounts", "revoke", ana, "--yes")).code).toBe(0);
    expect(pro()).toMatchObject({ used: 0 });
    expect(await home.run("sync", "--json")).toMatchObject({ json: { cycles: [{ actions: { assign: 1 } }] } });
    expect(pro()).toMatchObject({ used: 1, waiting: 0 });
  });

  test("what was done is told by name with the next messages", async () => {
    const { home, news } = await openMailHome({ seats: { Pro: 1 } });
    const ana = await deletedHolder(home);
    news();
    await home.run("accounts", "revoke", ana, "--yes");
    await home.run("sync");
    expect(
      news()
        .map((mail) => mail.part("text/plain"))
        .join(),
    ).toContain("Ana Gone");
  });

  test("is done with its record and its message, or not at all", async () => {
    const home = open();
    const ana = await deletedHolder(home);
    const database = new DatabaseSync(join(home.home, "data", "tiersync.db"));
    database.exec("CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END");
    expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no room"),
    });
    database.exec("DROP TRIGGER refuse");
    database.close();
    expect(await person(home, ana)).toMatchObject({ tier: "Pro" });
    const { json } = await home.run("explain", ana, "--json");
    expect(json.decisions.map(({ type }) => type)).not.toContain("revoked");
  });
});
