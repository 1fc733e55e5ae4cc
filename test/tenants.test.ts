import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAgent } from "../src/agent.ts";
import { loadGoodHome } from "../src/cli/load-home.ts";
import { createTenants } from "../src/tenants.ts";
import { openHome } from "./support/home.ts";
import { silentLogger } from "./support/silent-logger.ts";

test("a tenant that slowed down because its credential was refused is tried at the next tick after a new one", async () => {
  const home = openHome({ credential: "secret", mailboxSettings: false });
  const file = join(home.home, "keys", "contoso.txt");
  const [application] = home.tenant.applications.values();
  const good = application?.secrets?.[0]?.value ?? "";
  writeFileSync(file, "wrong");
  const logging = { logger: () => silentLogger, dispose() {} };
  const agent = openAgent(loadGoodHome(home.home), { home: home.home, env: {}, logging });
  const outcomes: (string | null)[] = [];
  let ended = Promise.withResolvers<void>();
  const tenants = createTenants(
    agent,
    silentLogger,
    (event) => {
      if (event.type !== "finished") return;
      outcomes.push(event.cycle.error?.code ?? event.cycle.outcome);
      ended.resolve();
    },
    { apply() {}, settled: async () => {} },
  );
  /** Whether the tick began a cycle; it has ended then. */
  const tick = async (): Promise<boolean> => {
    ended = Promise.withResolvers<void>();
    tenants.tick(false);
    if (!tenants.busy()) return false;
    await ended.promise;
    return true;
  };
  const used: boolean[] = [];
  for (let i = 0; i < 7; i += 1) used.push(await tick());
  // The fourth tick is left out, then two.
  expect(used).toEqual([true, true, true, false, true, false, false]);
  expect(new Set(outcomes)).toEqual(new Set(["ERR_CREDENTIAL"]));
  expect(tenants.slowedDown("contoso")).toEqual({ failures: 4, leftOut: 0 });
  expect(await tick()).toBe(true);
  expect(await tick()).toBe(false);
  expect(tenants.slowedDown("contoso")).toEqual({ failures: 5, leftOut: 3 });
  writeFileSync(file, good);
  expect(tenants.slowedDown("contoso")).toBeNull();
  expect(await tick()).toBe(true);
  expect(outcomes.at(-1)).toBe("succeeded");
  await tenants.stop();
  agent.close();
});

test("a cycle that is to come is announced as what was asked for", async () => {
  const home = openHome({ mailboxSettings: false });
  const logging = { logger: () => silentLogger, dispose() {} };
  const agent = openAgent(loadGoodHome(home.home), { home: home.home, env: {}, logging });
  const tenants = createTenants(agent, silentLogger, () => {}, { apply() {}, settled: async () => {} });
  tenants.request("contoso", "startup", false);
  const next = tenants.request("contoso", "schedule", false);
  expect(tenants.request("contoso", "api", true)).toBe(next);
  expect(tenants.underWay().get(next)).toMatchObject({ tenant: "contoso", trigger: "schedule", full: true });
  expect(await tenants.result(next)).toMatchObject({ id: next, kind: "full", trigger: "schedule" });
  await tenants.stop();
  agent.close();
});
