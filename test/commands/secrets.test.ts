/** No secret, key or token in any output, log, error or database; what is in keys/ is the owner's alone. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

/** Every file below `folder`, as the bytes that are in it. */
function filesBelow(folder: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, "latin1") }));
}

function secretsOf(home: TestHome): readonly string[] {
  const pem = readFileSync(join(home.home, "keys", "contoso.pem"), "utf8");
  const key = /-----BEGIN PRIVATE KEY-----\s([\s\S]+?)-----END/.exec(pem)?.[1] ?? "";
  const keyLines = key.split("\n").filter((line) => line.length > 40);
  expect(keyLines.length).toBeGreaterThan(10);
  return [readFileSync(join(home.home, "keys", "contoso.txt"), "utf8").trim(), ...keyLines];
}

/** Access tokens of the simulator and client assertions are JWTs. */
const JWT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;

function expectClean(home: TestHome, outputs: readonly string[], more: readonly string[] = []): void {
  const files = filesBelow(home.home).filter(({ path }) => !path.startsWith(join(home.home, "keys")));
  const texts = [...outputs.map((text, i) => ({ path: `output ${i}`, text })), ...files];
  for (const secret of [...secretsOf(home), ...more]) {
    expect(texts.filter(({ text }) => text.includes(secret)).map(({ path }) => path)).toEqual([]);
  }
  expect(texts.filter(({ text }) => JWT.test(text)).map(({ path }) => path)).toEqual([]);
}

describe.each(["certificate", "secret"] as const)("signed in with a %s", (credential) => {
  test("no command shows it, whatever goes wrong", async () => {
    const home = openHome({ credential });
    home.person("Ana", ["Pro"]);
    const outputs: string[] = [];
    const run = async (...argv: string[]): Promise<void> => {
      const { out, err } = await home.run(...argv);
      outputs.push(out, err);
    };
    const all = async (): Promise<void> => {
      await run("sync", "--verbose");
      await run("sync", "--full", "--json", "--verbose");
      await run("check", "--verbose");
      await run("plan", "--json", "--verbose");
    };
    await all();
    await run("export");
    await run("explain", "ana@contoso.example");
    for (const fault of [
      { kind: "aadsts", code: 7000215, match: "oauth2" },
      { kind: "status", status: 401, match: "/v1.0/" },
      { kind: "cut", match: "oauth2" },
      { kind: "html", status: 200, match: "oauth2" },
    ] as const) {
      home.simulator.faults.add({ ...fault, times: 1000 });
      await all();
      home.simulator.faults.clear();
    }
    expect(outputs.join("")).toContain("ERR_CREDENTIAL");
    expectClean(home, outputs);
  });
});

test("a secret in plain text in tiersync.yaml is warned of, and shown nowhere else", async () => {
  const home = openHome({ credential: "secret" });
  const secret = readFileSync(join(home.home, "keys", "contoso.txt"), "utf8").trim();
  home.person("Ana", ["Pro"]);
  home.rewrite((text) => text.replace("file:keys/contoso.txt", `"${secret}"`));
  const outputs: string[] = [];
  for (const argv of [["sync", "--verbose"], ["check"], ["check", "--json"], ["rules", "check"], ["plan"]]) {
    const { code, out, err } = await home.run(...argv);
    expect({ argv, code }).toEqual({ argv, code: 0 });
    outputs.push(out, err);
  }
  expect(outputs.join("")).toContain("secret set");
  for (const output of outputs) expect(output).not.toContain(secret);
  for (const { path, text } of filesBelow(join(home.home, "data")))
    expect({ path, in: text.includes(secret) }).toEqual({ path, in: false });
  for (const { path, text } of filesBelow(join(home.home, "logs")))
    expect({ path, in: text.includes(secret) }).toEqual({ path, in: false });
});

test("the running agent's token is owner-only and in nothing that it writes or answers", async () => {
  const home = openHome();
  home.person("Ana", ["Pro"]);
  const agent = await startTestAgent(home);
  const token = readFileSync(join(home.home, "keys", "api.token"), "utf8").trim();
  expect(token.length).toBeGreaterThanOrEqual(32);
  const outputs: string[] = [];
  for (const argv of [["status"], ["status", "--json"], ["holds", "approve", "x"], ["check", "--verbose"]]) {
    const { out, err } = await home.run(...argv);
    outputs.push(out, err);
  }
  expectClean(home, [...outputs, agent.log()], [token]);
  if (process.platform !== "win32") {
    const { mode } = statSync(join(home.home, "keys"));
    expect((mode & 0o777).toString(8)).toBe("700");
    for (const name of readdirSync(join(home.home, "keys"))) {
      expect((statSync(join(home.home, "keys", name)).mode & 0o777).toString(8)).toBe("600");
    }
  }
});

test("a secret in plain text is used, and every command and the running agent say how to move it", async () => {
  const home = openHome({ credential: "secret" });
  const secret = readFileSync(join(home.home, "keys", "contoso.txt"), "utf8").trim();
  home.rewrite((text) => text.replace("file:keys/contoso.txt", JSON.stringify(secret)));
  for (const argv of [["sync"], ["plan", "--json"]]) {
    const { code, err, out } = await home.run(...argv);
    expect({ argv, code }).toEqual({ argv, code: 0 });
    expect(err).toContain("tiersync secret set contoso");
    expect(err + out).not.toContain(secret);
  }
  const agent = await startTestAgent(home);
  expect(agent.log()).toContain("tiersync secret set contoso");
  expect(agent.log()).not.toContain(secret);
});
