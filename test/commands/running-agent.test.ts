/** Commands beside a running agent. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockHome } from "../../src/agent.ts";
import { eventually } from "../support/eventually.ts";
import { exported, onlyHold, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { startProcess } from "../support/subprocess.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

async function heldHome(): Promise<{ readonly home: TestHome; readonly people: readonly string[] }> {
  const home = openHome({ mailboxSettings: false });
  const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
  await home.run("sync");
  for (const person of people.slice(0, 5)) {
    home.tenant.removeMember(home.groups["Eco"] as string, person);
    home.tenant.addMember(home.groups["No_Licence"] as string, person);
  }
  return { home, people };
}

/** Waits for the cycle that an approval starts. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it never came about");
}

describe("status", () => {
  test("prints what the running agent says, as text and as JSON", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    const text = await home.run("status");
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toContain("contoso");
    expect(text.out).toMatch(/Pro .*1 of 10/);
    const { code, json } = await home.run("status", "--json");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      state: "idle",
      rules: { files: 1, rules: 4, errors: [] },
      tenants: [{ name: "contoso", users: { licensed: 1 }, lastCycle: { outcome: "succeeded", trigger: "startup" } }],
    });
  });

  test("is exit code 1 when none runs, and says so", async () => {
    const home = openHome();
    const { code, error } = await home.run("status", "--json");
    expect(code).toBe(1);
    expect(error).toMatchObject({ code: "ERR_NOT_RUNNING", hint: expect.stringContaining("tiersync run") });
  });

  test("is exit code 1 after the agent has ended", async () => {
    const home = openHome();
    const agent = await startTestAgent(home);
    await agent.stop(2000);
    expect(await home.run("status")).toMatchObject({ code: 1, out: "" });
  });

  test.each([
    ["of a process that has ended", { pid: 2 ** 22 - 3, port: 1 }, "has ended"],
    ["with a port where nothing answers", { pid: process.pid, port: 1 }, "nothing answers"],
    ["that is no JSON", null, "no agent is running"],
    ["of no process", { pid: 0, port: 1 }, "no agent is running on this home folder ["],
    ["of a group of processes", { pid: -1, port: 1 }, "no agent is running on this home folder ["],
  ])("is not fooled by a run.json %s", async (_, run, said) => {
    const home = openHome();
    mkdirSync(join(home.home, "data"), { recursive: true });
    const text = run === null ? "{" : JSON.stringify({ ...run, started: "2026-01-01T00:00:00.000Z" });
    writeFileSync(join(home.home, "data", "run.json"), text);
    const { code, err } = await home.run("status");
    expect(code).toBe(1);
    expect(err).toContain(said);
    expect(err).toContain("ERR_NOT_RUNNING");
  });

  test("shows its token to no other program at the port", async () => {
    const home = openHome();
    const agent = await startTestAgent(home);
    await agent.stop(2000);
    const seen: (string | null)[] = [];
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("authorization"));
        return new Response("hello");
      },
    });
    const run = { pid: process.pid, port: other.port, started: "2026-01-01T00:00:00.000Z" };
    writeFileSync(join(home.home, "data", "run.json"), JSON.stringify(run));
    const { code, err } = await home.run("status");
    await other.stop(true);
    expect(code).toBe(1);
    expect(err).toContain("another program answers");
    expect(seen).toEqual([null]);
  });
});

test("the agent of another home that has got the port is not taken for this one's", async () => {
  const [home, other] = [openHome({ mailboxSettings: false }), openHome({ mailboxSettings: false })];
  const { port } = await startTestAgent(other);
  mkdirSync(join(home.home, "data"), { recursive: true });
  const run = { pid: process.pid, port, started: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(home.home, "data", "run.json"), JSON.stringify(run));
  expect(await home.run("status", "--json")).toMatchObject({ code: 1, error: { code: "ERR_NOT_RUNNING" } });
  expect(await home.run("holds", "approve", "abc", "--json")).toMatchObject({
    error: { code: "ERR_NOT_FOUND" },
  });
});

describe("beside a running agent", () => {
  test("`sync` asks one that is just starting as soon as it can be asked", async () => {
    const home = openHome({ mailboxSettings: false });
    await startTestAgent(home);
    const file = join(home.home, "data", "run.json");
    renameSync(file, `${file}.later`);
    setTimeout(() => renameSync(`${file}.later`, file), 300);
    expect(await home.run("sync", "--json")).toMatchObject({ code: 0, json: { cycles: [{ trigger: "api" }] } });
  });

  test("`sync` asks it for a cycle and tells its result", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    home.person("Ben", ["Pro"]);
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(0);
    expect(json.cycles).toMatchObject([
      { tenant: "contoso", trigger: "api", outcome: "succeeded", actions: { create: 1, assign: 1 } },
    ]);
    home.simulator.faults.add({ kind: "nullProperties", times: 1000 });
    home.person("Cid", ["Pro"]);
    expect(await home.run("sync", "--full", "--tenant", "contoso")).toMatchObject({ code: 1 });
  });

  test("that cannot be asked, `sync` and `holds approve` are exit code 4", async () => {
    const { home } = await heldHome();
    await home.run("sync");
    const { id } = await onlyHold(home);
    const lock = lockHome(home.home);
    try {
      for (const argv of [["sync"], ["holds", "approve", id], ["holds", "reject", id]]) {
        const { code, error } = await home.run(...argv, "--json");
        expect({ argv, code, error: error.code }).toEqual({ argv, code: 4, error: "ERR_LOCKED" });
      }
      expect(await home.run("holds")).toMatchObject({ code: 0 });
      expect(Object.keys(await exported(home))).toHaveLength(10);
    } finally {
      lock.release();
    }
  });

  test.if(process.platform !== "win32")(
    "that is suspended, `sync` says that a process does not answer, and not that none runs",
    async () => {
      const home = openHome({ mailboxSettings: false });
      const agent = startProcess(home, ["run"]);
      const file = join(home.home, "data", "run.json");
      await eventually(() => existsSync(file), Boolean);
      const { pid, port } = JSON.parse(readFileSync(file, "utf8"));
      process.kill(pid, "SIGSTOP");
      const [{ code, error }, status] = await Promise.all([home.run("sync", "--json"), home.run("status", "--json")]);
      agent.kill();
      await agent.ended;
      const silence = `process ${pid} of data/run.json does not answer at port ${port}`;
      expect({ code, error }).toEqual({
        code: 4,
        error: {
          code: "ERR_LOCKED",
          message: `another tiersync holds the lock of this home folder, and ${silence}`,
          hint: expect.stringContaining(`process ${pid}`),
        },
      });
      expect({ code: status.code, error: status.error }).toMatchObject({
        code: 1,
        error: { code: "ERR_NOT_RUNNING", hint: expect.stringContaining("suspended") },
      });
    },
    30_000,
  );

  test("`export`, `explain`, `plan`, `check` and `holds` just look", async () => {
    const { home, people } = await heldHome();
    await startTestAgent(home);
    expect(Object.keys(await exported(home))).toHaveLength(10);
    expect(await home.run("explain", people[0] as string)).toMatchObject({ code: 0 });
    expect((await home.run("holds", "--json")).json.items).toMatchObject([{ kinds: { revoke: 5 } }]);
    expect(await home.run("plan", "--json")).toMatchObject({ code: 0 });
    const check = await home.run("check", "--json");
    expect(check.json.checks).toContainEqual(expect.objectContaining({ id: "agent.running", level: "ok" }));
    expect(check.code).toBe(0);
  });

  test("`holds approve` goes through it, and it carries out what was approved", async () => {
    const { home, people } = await heldHome();
    await startTestAgent(home);
    const { id } = await onlyHold(home);
    const only = ["--only", people[0] as string, "person.1@contoso.example"];
    const { code, json } = await home.run("holds", "approve", id, ...only, "--json");
    expect(code).toBe(0);
    expect(json).toMatchObject({ id, tenant: "contoso", kinds: { revoke: 5 } });
    await until(async () => (await exported(home))["Person 0"]?.state === "unlicensed");
    expect((await exported(home))["Person 1"]?.state).toBe("unlicensed");
    expect((await exported(home))["Person 2"]?.state).toBe("pending");
  });

  test("`holds approve --only` means the people of the hold's own tenant", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
    const mail = "person.0@contoso.example";
    fabrikam.person("Namesake", ["Eco"], { mail });
    for (let i = 0; i < 10; i += 1) home.person(`Person ${i}`, ["Eco"]);
    await home.run("sync");
    for (const { id } of Object.values(await exported(home)).filter(({ tenant }) => tenant === "contoso")) {
      home.tenant.addMember(home.groups["No_Licence"] as string, id);
    }
    await startTestAgent(home);
    const { id } = await onlyHold(home);
    expect(await home.run("holds", "approve", id, "--only", mail)).toMatchObject({ code: 0 });
    await until(async () => (await exported(home))["Person 0"]?.state === "unlicensed");
  });

  test("`holds reject` goes through it", async () => {
    const { home } = await heldHome();
    await startTestAgent(home);
    const { id } = await onlyHold(home);
    expect(await home.run("holds", "reject", id)).toMatchObject({ code: 0 });
    expect((await home.run("holds", "--json")).json.items).toEqual([]);
  });

  test("what it refuses is told with its code", async () => {
    const { home, people } = await heldHome();
    await startTestAgent(home);
    const { id } = await onlyHold(home);
    const unknown = await home.run("holds", "approve", "0123456789", "--json");
    expect(unknown).toMatchObject({ code: 1, error: { code: "ERR_NOT_FOUND" } });
    const stranger = await home.run("holds", "approve", id, "--only", people[9] as string, "--json");
    expect(stranger).toMatchObject({ code: 1, error: { code: "ERR_NOT_FOUND" } });
    expect((await onlyHold(home)).kinds).toEqual({ revoke: 5 });
  });
});
