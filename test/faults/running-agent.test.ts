/** The agent that stays, when its database or disk fails for a while: it says so, goes on, and is well again afterwards. */
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createKeeper } from "../../src/config/keeper.ts";
import { AgentError } from "../../src/errors.ts";
import { exported, openHome, RULES } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { silentLogger } from "../support/silent-logger.ts";

test("a cycle that cannot be recorded is in the log, and the agent serves on", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Pro"]);
  const running = await startTestAgent(home);
  // Not the five seconds that it waits in earnest.
  running.agent.database.exec("PRAGMA busy_timeout=10");
  const other = new DatabaseSync(join(home.home, "data", "tiersync.db"));
  other.exec("BEGIN IMMEDIATE");
  home.person("Ben", ["Pro"]);
  running.sync();
  while (!running.log().includes("could not be recorded")) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(running.log()).toContain("ERR_STORE");
  expect(running.log()).toContain("another program holds the database");
  const failed = { outcome: "failed", error: { code: "ERR_STORE", hint: expect.stringContaining("close it") } };
  expect(await home.run("sync", "--json")).toMatchObject({ code: 1, json: { cycles: [failed] } });
  expect(running.status()).toMatchObject({ state: "failing", tenants: [{ lastCycle: failed }] });
  expect((await fetch(`http://127.0.0.1:${running.port}/readyz`)).status).toBe(503);
  expect(Object.keys(await exported(home))).toEqual(["Ana"]);
  other.close();
  expect(await home.run("sync", "--json")).toMatchObject({ code: 0, json: { cycles: [{ actions: { create: 1 } }] } });
  expect(running.status()).toMatchObject({ state: "idle", tenants: [{ lastCycle: { outcome: "succeeded" } }] });
});

test("nothing is done in a database that was replaced under the agent, until a restart", async () => {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Pro"]);
  const agent = await startTestAgent(home);
  const file = join(home.home, "data", "tiersync.db");
  await home.run("backup", `${file}.copy`);
  renameSync(`${file}.copy`, file);
  home.person("Ben", ["Pro"]);
  expect(await home.run("sync", "--json")).toMatchObject({
    code: 1,
    json: { cycles: [{ error: { code: "ERR_STORE", hint: expect.stringContaining("restart") } }] },
  });
  await agent.stop(2000);
  expect(await home.run("sync", "--json")).toMatchObject({ code: 0, json: { cycles: [{ actions: { create: 1 } }] } });
  expect(Object.keys(await exported(home)).sort()).toEqual(["Ana", "Ben"]);
});

test("a stop in the middle of a cycle is no error in the log", async () => {
  const home = openHome({ mailboxSettings: false });
  const agent = await startTestAgent(home);
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  home.simulator.app.fetch = () => {
    resolve();
    return new Promise(() => {});
  };
  agent.sync();
  await asked;
  await agent.stop(2000);
  expect(agent.log()).toContain("ERR_STOPPED");
  expect(agent.log()).not.toContain('"level":"ERROR"');
});

test("a good edit is used though the disk is too full to remember it, is said, and is remembered later", () => {
  const home = openHome();
  const lines: string[] = [];
  const log = { ...silentLogger, error: (line: string) => void lines.push(line) };
  let changes = 0;
  let full = true;
  const written: number[] = [];
  const keeper = createKeeper({
    home: home.home,
    log,
    lastGood: {
      read: () => null,
      write: ({ rules }) => {
        if (full) throw new AgentError("ERR_STORE", "the database failed: database or disk is full");
        written.push(rules.length);
      },
    },
    changed: () => {
      changes += 1;
    },
  });
  expect(keeper.good?.rules.files[0]?.rules).toHaveLength(4);
  home.writeRules(RULES.replace(/^ {2}- \{name: eco,.*$/m, ""));
  keeper.look();
  keeper.look();
  expect(keeper.good?.rules.files[0]?.rules).toHaveLength(3);
  expect(changes).toBe(2);
  expect(lines.join()).toContain("cannot be remembered");
  full = false;
  keeper.recheck();
  keeper.recheck();
  expect(written).toEqual([1]);
  keeper.stop();
});
