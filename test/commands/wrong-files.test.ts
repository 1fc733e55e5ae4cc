/** Wrong configuration or rules: exit code 2, nothing done, every finding with its place. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { captureIo } from "../cli/captured-io.ts";
import { exported, openHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { tempFolder } from "../support/temp-folder.ts";

const COMMANDS = [["sync"], ["plan"], ["check"], ["explain", "ana@contoso.example"], ["rules", "test"]];

describe("a broken tiersync.yaml", () => {
  test.each(COMMANDS)("%s tells every finding at once, with its place, and asks nobody", async (...argv) => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    home.rewrite((text) =>
      text
        .replace(/tenantId: .*/, "tenantId: not a tenant")
        .replace("schedule:", "schedul:")
        .replace("Pro: {seats: 10}", "Pro: {seats: -1}"),
    );
    const { code, out, err } = await home.run(...argv);
    expect(code).toBe(2);
    const text = out + err;
    expect(text).toMatch(/tiersync\.yaml:1:1 schedul: .*did you mean .*schedule/);
    expect(text).toMatch(/tiersync\.yaml:5:\d+ tenants\[0\]\.tenantId: /);
    expect(text).toMatch(/tiersync\.yaml:\d+:\d+ tiers\.Pro\.seats: /);
    expect(home.simulator.log.entries).toEqual([]);
    expect(existsSync(join(home.home, "data", "tiersync.db"))).toBe(false);
  });

  test("is one JSON document with --json, and check still gives its lines", async () => {
    const home = openHome();
    home.rewrite((text) => text.replace("tiers:", "teirs:"));
    const { code, error } = await home.run("sync", "--json");
    expect(code).toBe(2);
    expect(error.code).toBe("ERR_CONFIG");
    const check = await home.run("check", "--json");
    expect(check.code).toBe(2);
    expect(check.json.ok).toBe(false);
    const lines = check.json.checks.filter(({ id, level }) => id === "config.read" && level === "fail");
    expect(lines.length).toBeGreaterThanOrEqual(1);
    for (const line of lines) {
      expect(line).toMatchObject({ tenant: null });
      expect(line.message).toMatch(/^tiersync\.yaml:\d+:\d+ /);
      expect(line.hint?.length).toBeGreaterThan(10);
    }
  });

  test("does not keep `export` and `holds` from showing what is known", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await home.run("sync");
    home.rewrite(() => "tenants: [");
    expect(Object.keys(await exported(home))).toEqual(["Ana"]);
    expect(await home.run("holds", "--json")).toMatchObject({ code: 0, json: { items: [] } });
    expect(await home.run("sync")).toMatchObject({ code: 2 });
  });
});

describe("broken rules", () => {
  test("stop `sync` with every finding of every rule, and nothing is done", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await home.run("sync");
    const before = await exported(home);
    const requests = home.simulator.log.entries.length;
    home.writeRules(`rules:
  - {name: a, tier: Por, priority: 30, when: {group: Pro}}
  - {name: b, tier: Eco, priority: high, when: {group: Eco}}
  - {name: c, tier: Eco, priority: 5, wen: {group: Eco}}
  - {name: d, tier: Eco, priority: 4, when: {attribute: departement, equals: Legal}}
`);
    const { code, out, err } = await home.run("sync");
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/rules\/secure-exchanges\.yaml:2:\d+ rules\[0\]\.tier: .*"Por".*did you mean "Pro"/);
    expect(err).toMatch(/rules\/secure-exchanges\.yaml:3:\d+ rules\[1\]\.priority: /);
    expect(err).toMatch(/rules\/secure-exchanges\.yaml:4:\d+ rules\[2\]\.wen: .*did you mean .*when/);
    expect(err).toMatch(/rules\/secure-exchanges\.yaml:5:\d+ rules\[3\].*did you mean "department"/);
    expect(home.simulator.log.entries).toHaveLength(requests);
    expect(await exported(home)).toEqual(before);
    const check = await home.run("check", "--json");
    expect(check.code).toBe(2);
    const failed = check.json.checks.filter(({ level }) => level === "fail");
    expect(failed.length).toBeGreaterThanOrEqual(4);
    expect(new Set(failed.map(({ id }) => id))).toEqual(new Set(["rules.read"]));
  });
});

test("a home folder without files is exit code 2 and says how to begin", async () => {
  const home = openHome();
  const empty = join(home.home, "elsewhere");
  for (const argv of COMMANDS) {
    const { code, out, err } = await home.run(...argv, "--home", empty);
    expect({ argv, code }).toEqual({ argv, code: 2 });
    expect(out + err).toContain("tiersync init");
  }
});

describe("`run` on files that it cannot go by", () => {
  test("makes nothing in a folder that is no home, nor the folder", async () => {
    const folder = tempFolder();
    for (const place of [folder, join(folder, "typo")]) {
      const { io, json } = captureIo();
      const code = await runProgram(["run", "--home", place, "--json"], io);
      expect({ code, json: json() }).toMatchObject({
        code: 2,
        json: { error: { code: "ERR_CONFIG", hint: expect.stringContaining("--home") } },
      });
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["on a home where nothing ever ran", false],
    ["on one that was synchronised only", true],
  ])("says that no last good set is there and that it does not start, %s", async (_, synchronised) => {
    const home = openHome({ mailboxSettings: false });
    if (synchronised) await home.run("sync");
    home.rewrite((text) => text.replace("schedule:", "shedule:"));
    const { code, out, err } = await home.run("run");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("shedule");
    expect(err).toContain("there is no last good set to go on with: the agent does not start");
    expect(err).not.toContain("stays in force");
    expect(existsSync(join(home.home, "data"))).toBe(synchronised);
  });

  test("goes on with the last good ones where there are some, tiersync.yaml gone or not", async () => {
    const home = openHome({ mailboxSettings: false });
    await (await startTestAgent(home)).stop(2000);
    rmSync(join(home.home, "tiersync.yaml"));
    const agent = await startTestAgent(home);
    expect(await agent.firstCycles).toMatchObject([{ outcome: "succeeded" }]);
    expect(agent.log()).toContain("the last good set stays in force");
  });
});
