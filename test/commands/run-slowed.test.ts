/** What the running agent says of its next cycle while scheduled ones are left out after failures. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CycleRecord } from "../../src/model/cycle.ts";
import { eventually } from "../support/eventually.ts";
import { openHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

test("the next cycle is when one is really done, and an edit brings it back to the next tick", async () => {
  const home = openHome({ credential: "secret", mailboxSettings: false });
  writeFileSync(join(home.home, "keys", "contoso.txt"), "wrong", { mode: 0o600 });
  home.rewrite((text) => text.replace('"*/5 * * * *"', '"* * * * * *"'));
  const agent = await startTestAgent(home);
  const { schedule, tenants } = await eventually(
    () => agent.status(),
    (status) => (status.tenants[0]?.slowedDown?.leftOut ?? 0) === 2,
  );
  const [contoso] = tenants;
  expect(contoso?.lastCycle?.error?.code).toBe("ERR_CREDENTIAL");
  const seen = Date.now();
  const next = Date.parse(schedule.nextRun ?? "");
  expect(next - seen).toBeGreaterThan(2000);
  const before = contoso?.lastCycle?.id;
  const { startedAt } = await eventually(
    () => agent.status().tenants[0]?.lastCycle as CycleRecord,
    ({ id }) => id !== before,
  );
  expect(Math.abs(Date.parse(startedAt) - next)).toBeLessThan(900);
  expect(contoso?.nextRun).toBe(schedule.nextRun);
  expect((await home.run("status")).out).toContain("slowed down after 5 failures in a row");
  home.rewrite((text) => `${text}\n# edited\n`);
  const mended = await eventually(
    () => agent.status(),
    (status) => status.tenants[0]?.slowedDown === null,
  );
  expect(Date.parse(mended.schedule.nextRun ?? "") - Date.now()).toBeLessThan(1100);
}, 30_000);
