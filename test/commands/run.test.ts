import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogging } from "../../src/platform/logging.ts";
import { type RunningAgent, startAgent } from "../../src/running.ts";
import { atEnd } from "../support/clean-up.ts";
import { openHome, RULES, type TestHome } from "../support/home.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

interface Running extends RunningAgent {
  get(path: string): Promise<Response>;
  post(path: string, body?: unknown): Promise<Response>;
  /** Asks until the answer fulfils a condition. */
  until<T>(path: string, fulfilled: (body: T) => boolean): Promise<T>;
}

async function start(at: TestHome): Promise<Running> {
  const logging = createLogging({ home: at.home, level: "info", maxSize: 1e6, maxFiles: 2, stderr: "off" });
  const running = await startAgent({ home: at.home, env: {}, logging });
  atEnd(() => running.stop(4000));
  const url = `http://127.0.0.1:${running.port}`;
  const get = (path: string): Promise<Response> => fetch(url + path);
  return {
    ...running,
    get,
    post: (path, body = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${readFileSync(join(at.home, "keys", "api.token"), "utf8").trim()}`,
          "content-type": "application/json",
        },
        body: JSON.stringify(body),
      }),
    until: async (path, fulfilled) => {
      for (;;) {
        const body = await (await get(path)).json();
        if (fulfilled(body)) return body;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

interface Status {
  readonly state: string;
  readonly rules: {
    readonly rules: number;
    readonly errors: readonly { readonly message: string; readonly line: number }[];
  };
}
interface Cycle {
  readonly id: string;
  readonly outcome: string | null;
  readonly trigger: string;
  readonly actions: Record<string, number>;
  readonly requests: { readonly graph: number; readonly token: number };
}

describe("tiersync run", () => {
  test("does a cycle at once and answers the status API", async () => {
    const at = openHome();
    at.person("Ana Pro", ["Pro"]);
    const agent = await start(at);
    const [first] = await agent.firstCycles;
    expect(first).toMatchObject({ trigger: "startup", kind: "initial", outcome: "succeeded" });
    expect((await agent.get("/healthz")).status).toBe(200);
    expect((await agent.get("/readyz")).status).toBe(200);
    const people = (await (await agent.get("/users")).json()) as { items: { state: string; tier: string }[] };
    expect(people.items).toMatchObject([{ state: "licensed", tier: "Pro" }]);
  });

  test("pages through lists, and refuses a cursor that this list did not give", async () => {
    const at = openHome();
    for (const name of ["Ana", "Ben", "Cid"]) at.person(name, ["Pro"]);
    const agent = await start(at);
    await agent.firstCycles;
    const list = async (path: string) => {
      const response = await agent.get(path);
      const body = (await response.json()) as { items?: unknown[]; next?: string; code?: string };
      return { status: response.status, ...body };
    };
    const first = await list("/users?limit=2");
    expect(first.items).toHaveLength(2);
    expect(await list(`/users?limit=2&after=${first.next}`)).toMatchObject({ items: [{}], next: null });
    for (const path of ["/users?after=zzz", "/cycles?after=zzz", `/cycles?after=${first.next}`]) {
      expect(await list(path)).toMatchObject({ status: 400, code: "ERR_BAD_REQUEST" });
    }
  });

  test("starts a cycle on POST /sync, whose id is known at once", async () => {
    const at = openHome();
    const agent = await start(at);
    await agent.firstCycles;
    at.person("Ben Eco", ["Eco"]);
    const response = await agent.post("/sync");
    expect(response.status).toBe(202);
    const { id, cycles } = (await response.json()) as { id: string; cycles: { id: string; tenant: string }[] };
    expect(cycles).toEqual([{ id, tenant: "contoso" }]);
    const cycle = await agent.until<Cycle>(`/cycles/${id}`, ({ outcome }) => outcome !== null);
    expect(cycle).toMatchObject({ trigger: "api", outcome: "succeeded", actions: { create: 1, assign: 1 } });
  });

  test("learns that nothing changed with at most two requests, and no token", async () => {
    const at = openHome();
    at.person("Ana Pro", ["Pro"]);
    const agent = await start(at);
    await agent.firstCycles;
    const { id } = (await (await agent.post("/sync")).json()) as { id: string };
    const { requests } = await agent.until<Cycle>(`/cycles/${id}`, ({ outcome }) => outcome !== null);
    expect(requests.graph).toBeLessThanOrEqual(2);
    expect(requests.token).toBe(0);
  });

  test("refuses to start a second time on the same home, with exit code 4", async () => {
    const at = openHome();
    const agent = await start(at);
    await agent.firstCycles;
    const { code, err } = await at.run("run");
    expect(code).toBe(4);
    expect(err).toContain("ERR_LOCKED");
  });

  test("does the cycle that `sync` on the same home asks for", async () => {
    const at = openHome();
    const agent = await start(at);
    await agent.firstCycles;
    at.person("Ana Pro", ["Pro"]);
    const { code, json } = await at.run("sync", "--json");
    expect(code).toBe(0);
    expect(json.cycles).toMatchObject([{ trigger: "api", actions: { create: 1, assign: 1 } }]);
  });

  test("lets plan and explain read while it runs", async () => {
    const at = openHome();
    const ana = at.person("Ana Pro", ["Pro"]);
    const agent = await start(at);
    await agent.firstCycles;
    at.person("Ben Eco", ["Eco"]);
    const plan = await at.run("plan", "--json");
    expect(plan.code).toBe(0);
    expect(plan.json.tenants[0].actions.map(({ kind }) => kind)).toEqual(["create", "assign"]);
    expect((await at.run("explain", ana, "--json")).json).toMatchObject({ id: ana, state: "licensed", tier: "Pro" });
  });

  test("shows a broken edit, goes on with the last good rules, and takes over the mended ones", async () => {
    const at = openHome();
    at.person("Ana Pro", ["Pro"]);
    const agent = await start(at);
    await agent.firstCycles;
    at.writeRules(RULES.replace("tier: Pro,", "tier: Prro,"));
    const broken = await agent.until<Status>("/status", ({ rules }) => rules.errors.length > 0);
    expect(broken.state).toBe("failing");
    expect(broken.rules.errors[0]?.message).toContain("Prro");
    expect((await agent.get("/readyz")).status).toBe(503);
    const { id } = (await (await agent.post("/sync")).json()) as { id: string };
    expect((await agent.until<Cycle>(`/cycles/${id}`, ({ outcome }) => outcome !== null)).outcome).toBe("succeeded");
    at.writeRules(RULES);
    await agent.until<Status>("/status", ({ rules }) => rules.errors.length === 0);
    expect((await agent.get("/readyz")).status).toBe(200);
  });

  test("survives a restart on the last good rules while the files are broken", async () => {
    const at = openHome();
    const ana = at.person("Ana Pro", ["Pro"]);
    const first = await start(at);
    await first.firstCycles;
    await first.stop(4000);
    at.writeRules("rules: [");
    const second = await start(at);
    const [cycle] = await second.firstCycles;
    expect(cycle?.outcome).toBe("succeeded");
    const status = (await (await second.get("/status")).json()) as Status;
    expect(status.rules.errors.length).toBeGreaterThan(0);
    expect(status.rules.rules).toBe(4);
    expect(((await (await second.get(`/users/${ana}`)).json()) as { tier: string }).tier).toBe("Pro");
  });

  test("shows a tenant that an edit brings in, before its first cycle too", async () => {
    const { home: at } = openTwoTenants({ mailboxSettings: false });
    const both = readFileSync(join(at.home, "tiersync.yaml"), "utf8");
    const second = both.slice(both.indexOf("  - name: fabrikam"), both.indexOf("tiers:\n"));
    at.rewrite((text) => text.replace(second, ""));
    const agent = await start(at);
    await agent.firstCycles;
    at.rewrite(() => both);
    type Tenants = { readonly tenants?: readonly { readonly name: string; readonly lastCycle: unknown }[] };
    const { tenants } = await agent.until<Tenants>("/status", (status) => status.tenants?.length === 2);
    expect(tenants?.[1]).toMatchObject({
      name: "fabrikam",
      credential: { kind: "secret" },
      tiers: [{ name: "Eco", seats: 50, used: 0, waiting: 0 }, { name: "Advanced" }, { name: "Pro" }],
      lastCycle: null,
      holds: [],
    });
    for (const path of ["/", "/metrics", "/users", "/users?tenant=fabrikam"]) {
      expect({ path, status: (await agent.get(path)).status }).toEqual({ path, status: 200 });
    }
    await agent.post("/sync");
    await agent.until<Tenants>("/status", (status) => status.tenants?.[1]?.lastCycle !== null);
  });

  test("sees an atomic save and a deleted and recreated rules folder", async () => {
    const at = openHome();
    at.person("Ana", ["Pro"]);
    const agent = await start(at);
    await agent.firstCycles;
    const rules = join(at.home, "rules");
    writeFileSync(join(rules, ".new"), RULES.replace("priority: 10", "priority: 11"));
    renameSync(join(rules, ".new"), join(rules, "secure-exchanges.yaml"));
    const loaded = (body: { rules: { loadedAt: string } }): string => body.rules.loadedAt;
    const before = loaded((await (await agent.get("/status")).json()) as { rules: { loadedAt: string } });
    await agent.until<{ rules: { loadedAt: string } }>("/status", (body) => loaded(body) > before);
    rmSync(rules, { recursive: true });
    const away = await agent.until<Status>("/status", (status) => status.rules.errors.length > 0);
    expect(away.rules.errors[0]?.message).toContain("does not exist");
    // It goes on with the rules that were there.
    const { id } = (await (await agent.post("/sync")).json()) as { id: string };
    expect((await agent.until<Cycle>(`/cycles/${id}`, ({ outcome }) => outcome !== null)).outcome).toBe("succeeded");
    expect(await (await agent.get("/status")).json()).toMatchObject({ tenants: [{ users: { licensed: 1 } }] });
    mkdirSync(rules);
    at.writeRules(RULES);
    await agent.until<Status>("/status", (status) => status.rules.errors.length === 0);
  });

  test("refuses an edit that names a group which does not exist, and says where", async () => {
    const at = openHome();
    const agent = await start(at);
    await agent.firstCycles;
    at.writeRules(RULES.replace("{group: Advanced}", "{group: Advancd}"));
    const { rules } = await agent.until<Status>("/status", (status) => status.rules.errors.length > 0);
    expect(rules.errors[0]?.message).toContain("Advanced");
    expect(rules.errors[0]?.line).toBeGreaterThan(1);
    const { id } = (await (await agent.post("/sync")).json()) as { id: string };
    expect((await agent.until<Cycle>(`/cycles/${id}`, ({ outcome }) => outcome !== null)).outcome).toBe("succeeded");
  });

  test("reads everything again before a rule on a new attribute is evaluated", async () => {
    const at = openHome();
    at.person("Ana Legal", ["Eco"], { department: "Legal" });
    const agent = await start(at);
    await agent.firstCycles;
    const loaded = ((await (await agent.get("/status")).json()) as { rules: { loadedAt: string } }).rules.loadedAt;
    at.writeRules(
      RULES.replace(
        "rules:\n",
        "rules:\n  - {name: legal, tier: Pro, priority: 40, when: {all: [{group: Eco}, {attribute: department, equals: legal}]}}\n",
      ),
    );
    await agent.until<{ rules: { loadedAt: string } }>("/status", (body) => body.rules.loadedAt > loaded);
    const { id } = (await (await agent.post("/sync")).json()) as { id: string };
    const cycle = await agent.until<Cycle & { kind: string }>(`/cycles/${id}`, ({ outcome }) => outcome !== null);
    expect(cycle).toMatchObject({ kind: "full", outcome: "succeeded", actions: { change: 1 } });
  });

  test("says that a folder is in the place of its port file", async () => {
    const at = openHome({ mailboxSettings: false });
    const file = join(at.home, "data", "run.json");
    mkdirSync(file, { recursive: true });
    const { code, error } = await at.run("run", "--json");
    expect(code).toBe(1);
    expect(error).toMatchObject({ code: "ERR_PLATFORM", message: expect.stringContaining(file) });
    expect(await at.run("status", "--json")).toMatchObject({ error: { code: "ERR_NOT_RUNNING" } });
    rmdirSync(file);
    expect(await at.run("sync")).toMatchObject({ code: 0 });
  });

  test("keeps its token, its port file and its lock only as long as it should", async () => {
    const at = openHome();
    const agent = await start(at);
    await agent.firstCycles;
    const run = JSON.parse(readFileSync(join(at.home, "data", "run.json"), "utf8")) as Record<string, unknown>;
    expect(run).toMatchObject({ pid: process.pid, port: agent.port });
    const token = join(at.home, "keys", "api.token");
    expect(statSync(token).mode & 0o777).toBe(0o600);
    await agent.stop(4000);
    expect(() => statSync(join(at.home, "data", "run.json"))).toThrow();
    expect((await at.run("status")).code).toBe(1);
    const again = await start(at);
    await again.firstCycles;
    expect((await again.get("/healthz")).status).toBe(200);
  });
});
