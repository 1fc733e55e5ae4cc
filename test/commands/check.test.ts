/** The doctor: each fault is named on a line of its own, with what to do. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { CheckResult } from "../../src/model/views.ts";
import { openHome, type TestHome } from "../support/home.ts";
import { HOME_FAULTS } from "../support/home-faults.ts";
import { openMailHome } from "../support/mail-home.ts";
import { startTestAgent } from "../support/running-agent.ts";

async function check(home: TestHome, ...options: string[]): Promise<{ code: number; lines: readonly CheckResult[] }> {
  const { code, json } = await home.run("check", "--json", ...options);
  for (const line of json.checks) {
    expect(Object.keys(line).sort()).toEqual(["hint", "id", "level", "message", "tenant"]);
    expect(line.hint === null).toBe(line.level === "ok");
  }
  const lines = json.checks;
  expect(json.ok).toBe(lines.every(({ level }) => level !== "fail"));
  return { code, lines };
}

const about = (lines: readonly CheckResult[], id: string): readonly CheckResult[] =>
  lines.filter((line) => line.id === id);

test("a good home has nothing to mend, and check leaves nothing behind", async () => {
  const { home, server } = await openMailHome();
  home.person("Ana", ["Pro"]);
  const before = readdirSync(home.home, { recursive: true }).sort();
  const { code, lines } = await check(home);
  expect(code).toBe(0);
  expect(lines.filter(({ level }) => level !== "ok")).toEqual([]);
  expect([...new Set(lines.map(({ id }) => id))].sort()).toEqual([
    "agent.running",
    "api.port",
    "clock.skew",
    "config.read",
    "credential.certificate",
    "credential.expiry",
    "graph.groups",
    "graph.parent",
    "graph.permissions",
    "graph.reachable",
    "guard.off",
    "home.database",
    "home.permissions",
    "notify.email",
    "rules.read",
    "rules.test",
    "secret.email",
    "target",
    "tiers.seats",
    "token",
  ]);
  expect(readdirSync(home.home, { recursive: true }).sort()).toEqual(before);
  const text = await home.run("check");
  expect(text.out).toMatch(/^ok {4}credential\.expiry +contoso: /m);
  expect(text.out).toContain("20 ok, 0 to look at, 0 failed");
  expect(server.mails).toEqual([]);
});

describe("check finds", () => {
  test.each([...HOME_FAULTS])(
    "$name",
    async ({ breakIt, id, level, says, hint, slow }) => {
      const home = openHome();
      home.person("Ana", ["Pro"]);
      breakIt(home);
      const { code, lines } = await check(home);
      const found = about(lines, id).filter((line) => line.level === level);
      expect(found).toHaveLength(1);
      expect(found[0]?.message).toMatch(says);
      expect(found[0]?.hint).toMatch(hint);
      expect(code).toBe(level === "fail" ? 1 : 0);
      if (slow) return;
      const text = await home.run("check", "--quiet");
      expect(text.code).toBe(code);
      expect(text.out).toContain(`-> ${found[0]?.hint}`);
    },
    20_000,
  );

  test("a port that another program has, and knows its own agent's", async () => {
    const home = openHome();
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    home.rewrite((text) => text.replace("status: {port: 0}", `status: {port: ${port}}`));
    const taken = await check(home);
    expect(about(taken.lines, "api.port")).toMatchObject([
      { level: "fail", message: `another program has port ${port}` },
    ]);
    expect(taken.code).toBe(1);
    await new Promise((resolve) => other.close(resolve));
    expect(about((await check(home)).lines, "api.port")).toMatchObject([{ level: "ok" }]);
    await startTestAgent(home);
    const own = await check(home);
    expect(about(own.lines, "api.port")).toMatchObject([
      { level: "ok", message: `port ${port} is the running agent's` },
    ]);
    expect(own.code).toBe(0);
  });
});

test("a password in the proxy's address is not shown", async () => {
  const home = openHome();
  home.rewrite(
    (text) =>
      `${text.replace(/authority: "[^"]+"/, 'authority: "https://login.example"')}\nproxy: "http://agent:hunter22@127.0.0.1:1"`,
  );
  const { lines } = await check(home);
  const [token] = about(lines, "token").filter(({ level }) => level === "fail");
  expect(token?.message).toContain("login.example, through the proxy http://[redacted]@127.0.0.1:1");
  expect(JSON.stringify(lines)).not.toContain("hunter22");
  expect(readFileSync(join(home.home, "tiersync.yaml"), "utf8")).toContain("hunter22");
});

test("what mends several findings in a row is said once, below them", async () => {
  const home = openHome();
  home.rewrite((text) =>
    text.replace("Eco: {seats: 50}", "Eco: {seats: -1}").replace("Pro: {seats: 10}", "Pro: {seats: x}"),
  );
  const { out } = await home.run("check");
  expect(out.match(/^fail {2}config\.read/gm)).toHaveLength(2);
  expect(out.match(/mend this place/g)).toHaveLength(1);
});
