/** An agent whose lock file was deleted under it: it is still the only one at work. Windows does not delete what is open. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deletedHolder, exported, exportedPerson, openHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { runProcess } from "../support/subprocess.ts";

setDefaultTimeout(20_000);
const posix = test.if(process.platform !== "win32");

posix("commands ask the agent, a second one does not start, and no seat is given twice", async () => {
  const home = openHome({ mailboxSettings: false, seats: { Pro: 2 } });
  const lock = join(home.home, "data", "tiersync.lock");
  home.person("Ana", ["Pro"]);
  const agent = await startTestAgent(home);
  rmSync(lock);
  home.person("Ben", ["Pro"]);
  expect(await runProcess(home, ["run"])).toMatchObject({ code: 4, error: { code: "ERR_LOCKED" } });
  expect(existsSync(lock)).toBe(false);
  const synced = await home.run("sync", "--json");
  expect(synced).toMatchObject({ code: 0, json: { cycles: [{ trigger: "api", outcome: "succeeded" }] } });
  home.person("Cyd", ["Pro"]);
  expect(await home.run("sync", "--json")).toMatchObject({ code: 0, json: { cycles: [{ trigger: "api" }] } });
  expect(Object.values(await exported(home)).filter(({ tier }) => tier === "Pro")).toHaveLength(2);
  // It was taken anew: whoever does not find the agent is kept out as ever.
  rmSync(join(home.home, "data", "run.json"));
  expect(await home.run("sync", "--json")).toMatchObject({ code: 4, error: { code: "ERR_LOCKED" } });
  await agent.stop(2000);
  expect(await home.run("sync")).toMatchObject({ code: 0 });
});

posix("`accounts` works beside it, and leaves it its lock", async () => {
  const home = openHome({ mailboxSettings: false, seats: { Pro: 1 } });
  const ana = await deletedHolder(home);
  home.person("Ben", ["Pro"]);
  await startTestAgent(home);
  rmSync(join(home.home, "data", "tiersync.lock"));
  expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 0 });
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  expect(await exportedPerson(home, "Ben")).toMatchObject({ state: "licensed", tier: "Pro" });
});
