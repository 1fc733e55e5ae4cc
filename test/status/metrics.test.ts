import { describe, expect, test } from "bun:test";
import { emptyCounts } from "../../src/model/action.ts";
import { cycle, hold, plainApp, plainConsole, status, tenant } from "./plain-console.ts";

async function scrape(app: ReturnType<typeof plainApp>["app"]): Promise<readonly string[]> {
  const response = await app.request("/metrics");
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("/metrics", () => {
  test("has seats, people, last cycle, holds, credential and rules of the status", async () => {
    const held = hold({ kinds: { revoke: 40, purge: 2 } });
    const { app } = plainApp({ status: status({ tenants: [tenant({ holds: [held] })] }) });
    const lines = await scrape(app);
    for (const line of [
      'tiersync_up{version="1.0.0"} 1',
      'tiersync_ready{tenant="contoso"} 1',
      'tiersync_seats_bought{tenant="contoso",tier="Pro"} 10',
      'tiersync_seats_used{tenant="contoso",tier="Advanced"} 22',
      'tiersync_seats_free{tenant="contoso",tier="Eco"} 38',
      'tiersync_seats_overdraft{tenant="contoso",tier="Advanced"} 2',
      'tiersync_seats_waiting{tenant="contoso",tier="Pro"} 1',
      'tiersync_users{tenant="contoso",state="licensed"} 43',
      'tiersync_users{tenant="contoso",state="error"} 0',
      'tiersync_last_cycle_outcome{tenant="contoso",outcome="succeeded"} 1',
      'tiersync_last_cycle_outcome{tenant="contoso",outcome="failed"} 0',
      `tiersync_last_cycle_timestamp_seconds{tenant="contoso"} ${Date.parse("2026-11-23T22:30:05Z") / 1000}`,
      'tiersync_last_cycle_duration_seconds{tenant="contoso"} 0.212',
      'tiersync_holds{tenant="contoso"} 1',
      'tiersync_held_actions{tenant="contoso",kind="revoke"} 40',
      'tiersync_credential_days_left{tenant="contoso"} 342',
      "tiersync_rules_errors 0",
    ]) {
      expect(lines).toContain(line);
    }
  });

  test("counts what finished cycles did, and nothing twice over scrapes", async () => {
    const { app, emit } = plainApp();
    emit({ type: "started", cycle: cycle({ finishedAt: null, durationMs: null, outcome: null }) });
    emit({ type: "finished", cycle: cycle() });
    emit({ type: "finished", cycle: cycle({ outcome: "failed", actions: { ...emptyCounts(), create: 2 } }) });
    await scrape(app);
    const lines = await scrape(app);
    expect(lines).toContain('tiersync_cycles_total{tenant="contoso",outcome="succeeded"} 1');
    expect(lines).toContain('tiersync_cycles_total{tenant="contoso",outcome="failed"} 1');
    expect(lines).toContain('tiersync_actions_total{tenant="contoso",kind="create"} 3');
    expect(lines).toContain('tiersync_requests_total{tenant="contoso",to="graph"} 4');
  });

  test("forgets a tenant that was taken out of the configuration", async () => {
    let shown = status({ tenants: [tenant(), tenant({ name: "fabrikam" })] });
    const { agent } = plainConsole();
    const { app } = plainApp({}, { console: { ...agent, status: () => shown } });
    expect((await scrape(app)).join("\n")).toContain('tenant="fabrikam",tier="Pro"');
    shown = status();
    expect((await scrape(app)).join("\n")).not.toContain("fabrikam");
  });

  test("keeps a hostile tier name inside its label", async () => {
    const name = 'x"} 1\ntiersync_up 0\\';
    const { app } = plainApp({
      status: status({ tenants: [tenant({ tiers: [{ ...tenant().tiers[0], name } as never] })] }),
    });
    expect(await scrape(app)).not.toContain("tiersync_up 0\\");
  });

  test("each app has its own registry", async () => {
    plainApp();
    const { app, emit } = plainApp();
    emit({ type: "finished", cycle: cycle() });
    expect(await scrape(app)).toContain('tiersync_cycles_total{tenant="contoso",outcome="succeeded"} 1');
    expect((await scrape(plainApp().app)).join()).not.toContain("tiersync_cycles_total");
  });
});
