/** A database that is not the one last seen here: an earlier one put in its place, or one from another machine. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../src/store/database.ts";
import { faultsInBooks } from "../support/books.ts";
import { deletedHolder, exported, exportedPerson, onlyHold, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { runProcess, startProcess } from "../support/subprocess.ts";
import { tempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(20_000);

const databaseOf = (home: TestHome): string => join(home.home, "data", "tiersync.db");

/** Ten with Pro; since the backup one more came, and one lost the licence. Now another loses it, one moves, one comes. */
async function restored(options: { readonly killed?: boolean } = {}): Promise<TestHome> {
  const home = openHome({ purgeAfter: "0s", mailboxSettings: false, seats: { Pro: 20 } });
  const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Pro"]));
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  const backup = join(tempFolder(), "backup.db");
  expect(await home.run("backup", backup)).toMatchObject({ code: 0 });
  const move = (index: number, to: string): void => {
    home.tenant.removeMember(home.groups["Pro"] as string, people[index] as string);
    home.tenant.addMember(home.groups[to] as string, people[index] as string);
  };
  home.person("Since Then", ["Eco"]);
  move(0, "No_Licence");
  if (options.killed === true) await killInCycle(home);
  else expect(await home.run("sync")).toMatchObject({ code: 0 });
  expect(existsSync(`${databaseOf(home)}-wal`)).toBe(options.killed === true);
  copyFileSync(backup, databaseOf(home));
  move(1, "No_Licence");
  move(2, "Eco");
  home.person("Newcomer", ["Eco"]);
  return home;
}

/** Leaves a write-ahead log with what was not yet moved into the database. */
async function killInCycle(home: TestHome): Promise<void> {
  const { app } = home.simulator;
  const answer = app.fetch;
  const process = startProcess(home, ["sync"]);
  app.fetch = async (...request) => {
    const response = await answer(...request);
    if (request[0].url.includes("batch")) process.kill();
    return response;
  };
  await process.ended;
  app.fetch = answer;
}

function expectSound(home: TestHome): void {
  const database = openDatabase(databaseOf(home));
  expect(faultsInBooks(database, { Eco: 50, Pro: 20 })).toEqual([]);
  database.close();
}

describe("a backup in the database's place", () => {
  test("is read whole; what it would change or take is held, who comes is served; approved once, it is as ever", async () => {
    const home = await restored();
    const before = await exported(home);
    expect(before["Since Then"]).toBeUndefined();
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(3);
    // Changes that go to somebody for the better are as doubtful as those for the worse: nobody knows what was done since.
    expect(json.cycles[0]).toMatchObject({
      kind: "full",
      outcome: "held",
      actions: { create: 2, assign: 2, change: 0, revoke: 0, purge: 0 },
      held: { revoke: 2, purge: 2, change: 1 },
    });
    const after = await exported(home);
    for (const name of ["Person 0", "Person 1", "Person 2"]) {
      expect(after[name]).toMatchObject({ tier: "Pro", state: "pending" });
    }
    expect(after["Newcomer"]).toMatchObject({ tier: "Eco", state: "licensed" });
    // Held on, also in the cycles after the first, and nothing more is held.
    home.person("Next", ["Pro"]);
    const next = await home.run("sync", "--json");
    expect(next.json.cycles[0]).toMatchObject({ kind: "incremental", actions: { create: 1, assign: 1 } });
    expect(next.code).toBe(3);

    for (const { id } of (await home.run("holds", "--json")).json.items) await home.run("holds", "approve", id);
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    const end = await exported(home);
    expect(end["Person 0"]).toMatchObject({ tier: null, state: "unlicensed" });
    expect(end["Person 2"]).toMatchObject({ tier: "Eco", state: "licensed" });
    // Normal again: nothing is held of what comes now.
    const { id: mover } = await exportedPerson(home, "Person 3");
    home.tenant.removeMember(home.groups["Pro"] as string, mover);
    home.tenant.addMember(home.groups["Advanced"] as string, mover);
    const normal = await home.run("sync", "--json");
    expect(normal.json.cycles[0]).toMatchObject({ outcome: "succeeded", actions: { change: 1 }, held: {} });
    expect(normal.code).toBe(0);
    expectSound(home);
  });

  test("is not mixed with the log that a killed agent left", async () => {
    const home = await restored({ killed: true });
    const { code, json } = await home.run("sync", "--json");
    expect(json.cycles[0]).toMatchObject({
      kind: "full",
      actions: { create: 2, assign: 2, revoke: 0 },
      held: { revoke: 2, purge: 2, change: 1 },
    });
    expect(code).toBe(3);
    expectSound(home);
  });

  test("stays in doubt when the first cycle on it fails or is killed", async () => {
    const home = await restored();
    home.simulator.faults.add({ kind: "status", status: 400, match: "/members", times: 100 });
    expect(await home.run("sync")).toMatchObject({ code: 1 });
    home.simulator.faults.clear();
    await killInCycle(home);
    const { code, json } = await home.run("sync", "--json");
    expect(json.cycles[0]).toMatchObject({ kind: "full", held: { revoke: 2 }, actions: { revoke: 0, change: 0 } });
    expect(code).toBe(3);
  });

  test("is told by `plan` beforehand, which changes nothing", async () => {
    const home = await restored();
    const { code, json } = await home.run("plan", "--json");
    expect(code).toBe(0);
    const kinds = json.tenants[0].held.map(({ kinds: held }) => held);
    expect(Object.assign({}, ...kinds)).toMatchObject({ revoke: 2, change: 1 });
    expect((await home.run("sync", "--json")).json.cycles[0].held).toMatchObject({ revoke: 2, change: 1 });
  });
});

/** Of Ana, who is gone and holds Pro, and of ten who hold it, too; with a backup of them. */
async function withBackup(): Promise<{ home: TestHome; ana: string; backup: string; people: readonly string[] }> {
  const home = openHome({
    mailboxSettings: false,
    seats: { Pro: 20 },
    extra: "guard: {change: false, revoke: {count: 0}}",
  });
  const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Pro"]));
  const ana = await deletedHolder(home);
  const backup = join(tempFolder(), "backup.db");
  expect(await home.run("backup", backup)).toMatchObject({ code: 0 });
  return { home, ana, backup, people };
}

/** Puts the copy in the database's place, and says what `check` thinks of it. */
async function putBack(home: TestHome, copy: string): Promise<string | undefined> {
  copyFileSync(copy, databaseOf(home));
  const { checks } = (await home.run("check", "--json")).json;
  return checks.find(({ id }) => id === "home.database")?.message;
}

describe("a backup that lacks no cycle", () => {
  test("but what was done by hand is in doubt", async () => {
    const { home, ana, backup } = await withBackup();
    expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 0 });
    expect(await putBack(home, backup)).toContain("older");
    expect((await home.run("sync", "--json")).json.cycles[0]).toMatchObject({ kind: "full" });
  });

  for (const ruling of ["approve", "reject"] as const) {
    test(`but what was said to a hold is in doubt (${ruling}), also through the agent`, async () => {
      for (const running of [false, true]) {
        const { home, people } = await withBackup();
        home.tenant.addMember(home.groups["No_Licence"] as string, people[0] as string);
        await home.run("sync");
        const agent = running ? await startTestAgent(home) : null;
        const copy = join(tempFolder(), "backup.db");
        await home.run("backup", copy);
        const { id } = await onlyHold(home);
        await home.run("holds", ruling, id);
        await agent?.stop(2000);
        expect(await putBack(home, copy)).toContain("older");
      }
    });
  }

  test("but the end of one is in doubt", async () => {
    const { home, people } = await withBackup();
    home.tenant.removeMember(home.groups["Pro"] as string, people[0] as string);
    home.tenant.addMember(home.groups["Eco"] as string, people[0] as string);
    const copy = join(tempFolder(), "backup.db");
    const { app } = home.simulator;
    const answer = app.fetch;
    let copied = false;
    app.fetch = async (...request) => {
      if (!copied && request[0].url.includes("batch")) {
        copied = true;
        expect(await home.run("backup", copy)).toMatchObject({ code: 0 });
      }
      return await answer(...request);
    };
    expect((await home.run("sync", "--json")).json.cycles[0].actions).toMatchObject({ change: 1 });
    app.fetch = answer;
    expect(await putBack(home, copy)).toContain("older");
    expect((await home.run("sync", "--json")).json.cycles[0]).toMatchObject({ kind: "full", held: { change: 1 } });
  });

  test("nor anything else is the one last seen", async () => {
    const { home } = await withBackup();
    await home.run("sync");
    const copy = join(tempFolder(), "backup.db");
    await home.run("backup", copy);
    expect(await putBack(home, copy)).not.toContain("older");
  });
});

/** As if the home had been copied here from another machine. */
function fromElsewhere(home: TestHome): void {
  const database = new DatabaseSync(databaseOf(home));
  database.prepare("UPDATE meta SET value='0123456789abcdef' WHERE key='machine'").run();
  database.close();
}

describe("a database of another machine", () => {
  async function foreign(): Promise<TestHome> {
    const home = openHome({ mailboxSettings: false, seats: { Pro: 20 } });
    const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Pro"]));
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    fromElsewhere(home);
    home.tenant.addMember(home.groups["No_Licence"] as string, people[0] as string);
    home.person("Newcomer", ["Pro"]);
    return home;
  }

  test("is refused by `run`, which says what to do, and `sync` holds what it would take", async () => {
    const home = await foreign();
    const { code, error } = await runProcess(home, ["run"]);
    expect(code).toBe(1);
    expect(error.code).toBe("ERR_STORE_FOREIGN");
    expect(error.hint).toContain("--take-over");
    const synced = await home.run("sync", "--json");
    expect(synced.code).toBe(3);
    expect(synced.json.cycles[0]).toMatchObject({
      kind: "full",
      held: { revoke: 1 },
      actions: { create: 1, revoke: 0 },
    });
    // It is still the other machine's.
    expect(await runProcess(home, ["run"])).toMatchObject({ code: 1, error: { code: "ERR_STORE_FOREIGN" } });
  });

  test("is taken over once, its takings held; then it is this machine's", async () => {
    const home = await foreign();
    const first = await startTestAgent(home, {}, { takeOver: true });
    expect(await first.firstCycles).toMatchObject([
      { kind: "full", outcome: "held", held: { revoke: 1 }, actions: { create: 1, assign: 1, revoke: 0 } },
    ]);
    await first.stop(2000);
    const second = await startTestAgent(home);
    expect(await second.firstCycles).toMatchObject([{ kind: "incremental", outcome: "held", held: { revoke: 1 } }]);
  });
});

test("a database of a newer tiersync is left alone by every command that reads or writes it", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Pro"]);
  await home.run("sync");
  const file = databaseOf(home);
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version=99");
  database.close();
  rmSync(`${file}-wal`, { force: true });
  const bytes = await Bun.file(file).bytes();
  for (const argv of [["sync"], ["plan"], ["export"], ["holds"], ["explain", "Ana"]]) {
    const { code, error } = await home.run(...argv, "--json");
    expect({ argv, code, error: error.code }).toEqual({ argv, code: 1, error: "ERR_STORE_NEWER" });
    expect(error.message).toContain("99");
    expect(error.hint).toMatch(/newer/);
  }
  expect(await Bun.file(file).bytes()).toEqual(bytes);
});
