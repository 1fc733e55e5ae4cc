import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, loadHome, loadRules } from "../../src/config/load.ts";
import { formatFinding } from "../../src/model/finding.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { DESIGN } from "./config-texts.ts";

const RULES = "rules:\n  - {name: pro, tier: Pro, priority: 1, when: {group: Pro}}\n";
let home = "";
beforeEach(() => {
  home = tempFolder("tiersync-home é-");
});

const write = (path: string, content: string | Uint8Array) => {
  mkdirSync(join(home, path, ".."), { recursive: true });
  writeFileSync(join(home, path), content);
};
const findings = () => loadHome(home).findings.map((finding) => `${finding.level} ${formatFinding(finding)}`);

describe("a home folder", () => {
  test("is read whole", () => {
    write("tiersync.yaml", DESIGN);
    write("rules/a.yaml", RULES);
    const loaded = loadHome(home);
    expect(loaded.findings).toEqual([]);
    expect(loaded.config?.tenants[0]?.credential).toMatchObject({ path: join(home, "keys", "contoso.pem") });
    expect(loaded.rules?.files.map(({ path }) => path)).toEqual(["rules/a.yaml"]);
    expect(loaded.files.config?.text).toBe(DESIGN);
  });

  test("that is empty says what is missing, and how to get it", () => {
    expect(findings()).toEqual([
      `error tiersync.yaml does not exist in ${home}; \`tiersync init\` writes one`,
      `error rules does not exist in ${home}; \`tiersync init\` writes one`,
    ]);
    expect(loadConfig(home).value).toBeNull();
  });

  test("whose rules folder is away for a moment is broken; without files in it nobody is managed", () => {
    write("tiersync.yaml", DESIGN);
    expect(loadHome(home).rules).toBeNull();
    write("rules/README.md", "");
    expect(findings()).toEqual(["warning rules has no rule files: nobody is managed; `tiersync init` writes one"]);
    expect(loadHome(home).rules).toMatchObject({ files: [] });
  });

  test.skipIf(process.platform === "win32")(
    "with a pipe among its rules does not wait for what comes out of it",
    () => {
      write("tiersync.yaml", DESIGN);
      write("rules/a.yaml", RULES);
      expect(Bun.spawnSync(["mkfifo", join(home, "rules", "b.yaml")]).exitCode).toBe(0);
      expect(findings()).toEqual(["error rules/b.yaml is no file"]);
    },
  );

  test("tells what is wrong in every file at once", () => {
    write("tiersync.yaml", DESIGN.replace("schedule:", "shedule:"));
    write("rules/a.yaml", "rules: 1");
    write("rules/b.yaml", RULES.replace("tier: Pro", "teir: Pro"));
    expect(findings()).toEqual([
      'error tiersync.yaml:1:1 shedule: unknown key; did you mean "schedule"?',
      "error rules/a.yaml:1:8 rules: a list is expected, not a number",
      "error rules/b.yaml:2:5 rules[0].tier: is missing",
      'error rules/b.yaml:2:17 rules[0].teir: unknown key; did you mean "tier"?',
    ]);
  });

  test("hides no warning and nothing about the rules behind what is wrong with tiersync.yaml", () => {
    const shed = DESIGN.replace("schedule:", "shedule:");
    write("tiersync.yaml", shed.replace("certificate: keys/contoso.pem", "clientSecret: hunter2~"));
    write("rules/a.yaml", RULES.replace("tier: Pro", "tier: Prro"));
    expect(findings()).toEqual([
      'error tiersync.yaml:1:1 shedule: unknown key; did you mean "schedule"?',
      expect.stringContaining("tenants[0].credential.clientSecret: is a secret in plain text"),
      expect.stringMatching(/^error rules\/a\.yaml:2:\d+ .*"Prro".*"Pro"/),
    ]);
    // Where the tiers themselves cannot be told, nothing is said of those in the rules.
    write("tiersync.yaml", DESIGN.replace(/^tiers:/m, "teirs:"));
    expect(findings().filter((text) => text.includes("rules/"))).toEqual([]);
  });

  test("may hold files as Windows editors write them", () => {
    write("tiersync.yaml", new Uint8Array([0xff, 0xfe, ...Buffer.from(DESIGN.replaceAll("\n", "\r\n"), "utf16le")]));
    write("rules/a.YML", `\ufeff${RULES.replaceAll("\n", "\r\n")}`);
    expect(findings()).toEqual([]);
  });

  test("may not hold files in an old code page: letters would be guessed", () => {
    write("tiersync.yaml", Buffer.from(`# caf\xe9\n${DESIGN}`, "latin1"));
    write("rules/a.yaml", RULES);
    expect(findings()).toEqual(["error tiersync.yaml is not text in UTF-8: save it as UTF-8"]);
  });
});

describe("rule files", () => {
  test("are those at the top of rules/, by name; editors' own files and folders are not", () => {
    for (const name of ["b.yaml", "a.yml", ".a.yaml.swp", ".hidden.yaml", "c.yaml~", "README.md", "old/d.yaml"])
      write(`rules/${name}`, RULES);
    mkdirSync(join(home, "rules", "folder.yaml"));
    expect(loadRules(home).files.map(({ path }) => path)).toEqual(["rules/a.yml", "rules/b.yaml"]);
  });

  test("of which one cannot be read leave no rules at all: half of them would decide otherwise", () => {
    write("tiersync.yaml", DESIGN);
    write("rules/a.yaml", RULES);
    write("rules/b.yaml", new Uint8Array([0xc3, 0x28]));
    const { config, rules } = loadHome(home);
    expect([config === null, rules]).toEqual([false, null]);
  });
});
