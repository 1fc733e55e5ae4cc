/** Mails of the agent that stays. */
import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import type { RunningAgent } from "../../src/running.ts";
import { eventually } from "../support/eventually.ts";
import { RULES, type TestHome } from "../support/home.ts";
import { type MailHome, openMailHome } from "../support/mail-home.ts";
import { startMailServer } from "../support/mail-server.ts";
import { startTestAgent } from "../support/running-agent.ts";

async function status(home: TestHome) {
  return (await home.run("status", "--json")).json;
}

/** Edits a rule file and waits until the agent has seen it. */
async function writeRules(home: TestHome, text: string, errors: number): Promise<void> {
  home.writeRules(text);
  await eventually(
    () => status(home),
    ({ rules }) => rules.errors.length === errors,
  );
}

/** A cycle of the agent's own: `sync` refuses broken files. */
async function cycle(home: TestHome, agent: RunningAgent): Promise<void> {
  const { lastCycle } = agent.status().tenants[0] ?? {};
  agent.sync();
  const { tenants } = await eventually(
    () => status(home),
    ({ state, tenants: [one] }) => state !== "syncing" && one.lastCycle?.id !== lastCycle?.id,
  );
  expect(tenants[0].lastCycle?.outcome).toBe("succeeded");
}

/** Subjects after a further cycle, as soon as `count` mails are there. */
async function afterCycle(at: MailHome, agent: RunningAgent, count: number): Promise<readonly string[]> {
  await cycle(at.home, agent);
  await eventually(
    () => at.server.mails.length,
    (length) => length >= count,
  );
  return at.subjects();
}

const BROKEN = RULES.replace("tier: Pro,", "tier: Prro,");

describe("the running agent", () => {
  test("tells of seats that run out, beside its cycles", async () => {
    const at = await openMailHome({ seats: { Pro: 1 }, mailboxSettings: false });
    at.home.person("Ana", ["Pro"]);
    const agent = await startTestAgent(at.home);
    at.home.person("Ben", ["Pro"]);
    expect(await afterCycle(at, agent, 1)).toEqual(["no Pro seat is free: Ben waits"]);
    at.home.person("Cleo", ["Pro"]);
    expect(await afterCycle(at, agent, 2)).toEqual([
      "no Pro seat is free: Ben waits",
      "no Pro seat is free: Cleo waits",
    ]);
  });

  test("tells once of broken rules, with the place, and again when they break anew", async () => {
    const at = await openMailHome({ mailboxSettings: false });
    at.home.person("Ana", ["Pro"]);
    const agent = await startTestAgent(at.home);
    await writeRules(at.home, BROKEN, 1);
    const subject = "configuration or rules are broken: 1 error";
    expect(await afterCycle(at, agent, 1)).toEqual([subject]);
    expect(at.news()[0]?.part("text/plain")).toMatch(/rules\/secure-exchanges\.yaml:\d+:\d+ .*Prro/);
    await cycle(at.home, agent);
    await writeRules(at.home, RULES, 0);
    await cycle(at.home, agent);
    await writeRules(at.home, BROKEN, 1);
    expect(await afterCycle(at, agent, 2)).toEqual([subject, subject]);
  });

  test("tells of files that were broken while it was not running, and goes on with the last good ones", async () => {
    const at = await openMailHome({ mailboxSettings: false });
    at.home.person("Ana", ["Pro"]);
    const first = await startTestAgent(at.home);
    await first.stop(4000);
    at.home.writeRules(BROKEN);
    const second = await startTestAgent(at.home);
    await eventually(
      () => at.server.mails.length,
      (length) => length > 0,
    );
    expect(at.subjects()).toEqual(["configuration or rules are broken: 1 error"]);
    await second.stop(4000);
    const third = await startTestAgent(at.home);
    await cycle(at.home, third);
    await third.stop(4000);
    expect(at.subjects()).toHaveLength(1);
  });

  test("keeps to its pauses while the server is down, and delivers when it is back", async () => {
    const at = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    await at.server.stop();
    at.home.person("Ana", ["Pro"]);
    const agent = await startTestAgent(at.home);
    await eventually(
      () => status(at.home),
      ({ warnings }) => warnings.length === 1,
    );
    await using back = await startMailServer({}, at.server.port);
    // Nothing is due yet; but news that gets through takes along what waits for its pause.
    expect((await at.home.run("sync")).code).toBe(0);
    at.home.person("Ben", ["Pro"]);
    expect((await at.home.run("sync")).code).toBe(0);
    await eventually(
      () => back.mails.length,
      (length) => length >= 2,
    );
    expect(back.mails.map((mail) => mail.header("Subject")).sort()).toEqual([
      "[tiersync] contoso: no Pro seat is free: Ana waits",
      "[tiersync] contoso: no Pro seat is free: Ben waits",
    ]);
    await eventually(
      () => status(at.home),
      ({ warnings }) => warnings.length === 0,
    );
    expect(agent.log()).toContain("message delivered");
  });

  test("does its cycles and stops in time while the mail server says nothing", async () => {
    const at = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    await at.server.stop();
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      socket.on("error", () => undefined);
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => silent.listen(at.server.port, "127.0.0.1", () => resolve()));
    try {
      at.home.person("Ana", ["Pro"]);
      const agent = await startTestAgent(at.home);
      await eventually(
        () => sockets.length,
        (length) => length > 0,
      );
      at.home.person("Ben", ["Eco"]);
      const { code, json } = await at.home.run("sync", "--json");
      expect({ code, created: json.cycles[0].actions.create }).toEqual({ code: 0, created: 1 });
      const before = performance.now();
      await agent.stop(10_000);
      expect(performance.now() - before).toBeLessThan(5000);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
    await using back = await startMailServer({}, at.server.port);
    expect((await at.home.run("sync")).code).toBe(0);
    expect(back.mails).toHaveLength(1);
  });
});
