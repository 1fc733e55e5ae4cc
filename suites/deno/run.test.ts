/** The agent that stays: its status API, its signals, and the commands that meet it. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { StatusView } from "../../src/model/views.ts";
import { type Home, openHome, succeeded } from "./home.ts";
import type { Running } from "./program.ts";

interface Agent extends Running {
  readonly url: string;
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string): Promise<Response>;
  /** Asks for the status until it fulfils a condition. */
  until(fulfilled: (status: StatusView) => boolean): Promise<StatusView>;
}

/** Started, and its first cycle ended. */
async function startAgent(home: Home): Promise<Agent> {
  const running = home.start("run", "--json");
  const { port } = await announced(running);
  const url = `http://127.0.0.1:${port}`;
  const get = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { signal: AbortSignal.timeout(10_000), ...init });
  const until: Agent["until"] = async (fulfilled) => {
    for (const deadline = Date.now() + 10_000; ; await pause()) {
      const status = (await (await get("/status")).json()) as StatusView;
      if (fulfilled(status)) return status;
      if (Date.now() > deadline) throw new Error(`not so in time: ${JSON.stringify(status)}`);
    }
  };
  await until(({ tenants }) => tenants[0]?.lastCycle?.outcome != null);
  const post = (path: string) => {
    const headers = {
      authorization: `Bearer ${home.read("keys/api.token").trim()}`,
      "content-type": "application/json",
    };
    return get(path, { method: "POST", headers, body: "{}" });
  };
  return { ...running, url, get, post, until };
}

/** The one line that `run --json` writes once it answers. */
async function announced(running: Running): Promise<{ port: number }> {
  const ended = running.ended.then((outcome) => {
    throw new Error(`ended with ${outcome.code}: ${outcome.out}${outcome.err}`);
  });
  ended.catch(() => undefined);
  for (;;) {
    if (running.out().trimEnd().endsWith("}")) return JSON.parse(running.out()) as { port: number };
    await Promise.race([pause(), ended]);
  }
}

/** Not by fetch, which chooses the header itself. */
function statusForHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once("error", reject)
      .end();
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

test("run does a cycle at once and answers: text for curl, a page for browsers, JSON for programs", async () => {
  await using home = await openHome();
  home.person("Ana Pro", "Pro");
  const agent = await startAgent(home);
  for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json", "/users"]) {
    assert.equal((await agent.get(path)).status, 200, path);
  }
  const text = await agent.get("/", { headers: { accept: "*/*" } });
  assert.match(text.headers.get("content-type") ?? "", /text\/plain/);
  assert.match(await text.text(), /Pro/);
  const page = await agent.get("/", { headers: { accept: "text/html" } });
  assert.match(await page.text(), /<style[\s\S]+<\/html>/);
  const status = await agent.until(({ state }) => state === "idle");
  assert.equal(status.tenants[0]?.lastCycle?.trigger, "startup");
  assert.equal(status.tenants[0]?.users.licensed, 1);
  assert.equal(await statusForHost(agent.url, "127.0.0.1"), 200);
  assert.equal(await statusForHost(agent.url, "evil.example"), 403);
});

test("POST /sync wants the token, and /events tells the cycle while it runs", async () => {
  await using home = await openHome();
  const agent = await startAgent(home);
  assert.equal((await agent.get("/sync", { method: "POST" })).status, 401);
  const events = await fetch(`${agent.url}/events`);
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
  home.person("Ben Eco", "Eco");
  assert.equal((await agent.post("/sync")).status, 202);
  let told = "";
  while (!told.includes("event: finished")) told += (await reader?.read())?.value ?? "";
  assert.match(told, /event: started[\s\S]*event: step[\s\S]*event: finished/);
  await reader?.cancel();
  const cycles = (await (await agent.get("/cycles?limit=1")).json()) as { items: CycleRecord[] };
  assert.deepEqual(cycles.items[0]?.actions.create, 1);
});

test("an edited rule is seen while it runs, a broken one is told with its place", async () => {
  await using home = await openHome();
  const agent = await startAgent(home);
  home.edit("rules/secure-exchanges.yaml", "{group: Eco}", "{group: Eco");
  const broken = await agent.until(({ rules }) => rules.errors.length > 0);
  assert.match(JSON.stringify(broken.rules.errors[0]), /secure-exchanges\.yaml/);
  assert.equal((await agent.get("/readyz")).status, 503);
  home.edit("rules/secure-exchanges.yaml", "{group: Eco", "{group: Eco}");
  await agent.until(({ rules }) => rules.errors.length === 0);
});

test("status and sync ask the agent that runs, backup reads beside it, and a second one is exit code 4", async () => {
  await using home = await openHome();
  const agent = await startAgent(home);
  home.person("Ana Pro", "Pro");
  const sync = (await succeeded(home.run("sync", "--json"))).json<{ cycles: CycleRecord[] }>();
  assert.equal(sync.cycles[0]?.trigger, "api");
  const status = (await succeeded(home.run("status", "--json"))).json<StatusView>();
  assert.equal(status.tenants[0]?.users.licensed, 1);
  await succeeded(home.run("backup", join(home.path, "copy.db")));
  const second = await home.run("run");
  assert.equal(second.code, 4);
  assert.match(second.err, /ERR_LOCKED/);
  assert.equal((await agent.get("/healthz")).status, 200);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends it within five seconds with exit code 0, also with somebody at /events`, async () => {
    await using home = await openHome();
    const agent = await startAgent(home);
    const events = await fetch(`${agent.url}/events`);
    const asked = performance.now();
    agent.kill(signal);
    const { code, err } = await agent.ended;
    assert.equal(code, 0, err);
    assert.ok(performance.now() - asked < 5000);
    await events.text().catch(() => undefined);
    assert.equal(existsSync(join(home.path, "data", "run.json")), false);
    assert.equal((await home.run("status")).code, 1);
  });
}

test("killed, it is started again without a word and creates nobody twice", async () => {
  await using home = await openHome();
  home.person("Ana Pro", "Pro");
  const killed = await startAgent(home);
  killed.kill("SIGKILL");
  await killed.ended;
  const agent = await startAgent(home);
  const { tenants } = await agent.until(({ state }) => state === "idle");
  assert.equal(tenants[0]?.lastCycle?.outcome, "succeeded");
  assert.equal(tenants[0]?.lastCycle?.actions.create, 0);
  assert.equal(tenants[0]?.users.licensed, 1);
});

test("a port that is taken is an error that says so", async () => {
  await using home = await openHome();
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = stranger.address() as AddressInfo;
    home.edit("tiersync.yaml", "port: 0", `port: ${port}`);
    const { code, err } = await home.run("run");
    assert.equal(code, 1);
    assert.match(err, new RegExp(`ERR_PLATFORM[\\s\\S]*${port}|${port}[\\s\\S]*ERR_PLATFORM`));
  } finally {
    stranger.close();
  }
});

test("the log is JSON lines on the disk", async () => {
  await using home = await openHome();
  writeFileSync(join(home.path, "rules", "second.yaml"), "rules: []\n");
  const agent = await startAgent(home);
  agent.kill("SIGTERM");
  await agent.ended;
  const lines = home.read("logs/tiersync.log").trimEnd().split("\n");
  assert.ok(lines.length > 0);
  for (const line of lines) assert.equal(typeof (JSON.parse(line) as Record<string, unknown>)["@timestamp"], "string");
});
