/** Commands that ask nobody: what a folder with only the program in it can do. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import packageJson from "../../package.json" with { type: "json" };
import { emptyFolder, INIT, succeeded } from "./home.ts";
import { COMPILED, RUNTIME } from "./program.ts";

test("version says what it runs on", async () => {
  await using folder = emptyFolder();
  const version = (await folder.program.run(["version", "--json"])).json<Record<string, string>>();
  assert.equal(version["version"], packageJson.version);
  assert.match(version["runtime"] ?? "", new RegExp(`^${RUNTIME} \\d`));
  assert.equal(version["compiled"], COMPILED);
});

test("help lists the commands; a slip is exit code 2 with the nearest word", async () => {
  await using folder = emptyFolder();
  const help = await succeeded(folder.program.run(["--help"]));
  for (const command of ["init", "demo", "sync", "run", "service"])
    assert.match(help.out, new RegExp(`^ *${command}\\b`, "m"));
  const slip = await folder.program.run(["snyc"]);
  assert.equal(slip.code, 2);
  assert.match(slip.err, /sync/);
  assert.equal((await folder.program.run(["sync", "--ful"])).code, 2);
});

test("without a configuration a cycle is exit code 2, and nothing is made", async () => {
  await using folder = emptyFolder();
  const { code, err } = await folder.program.run(["sync"]);
  assert.equal(code, 2);
  assert.match(err, /ERR_CONFIG/);
  assert.equal(existsSync(join(folder.path, "data")), false);
});

test("init fills its own folder, rules check and rules test accept it, and a second init changes nothing", async () => {
  await using folder = emptyFolder();
  const { files } = (await folder.program.run([...INIT, "--json"])).json<{ files: string[] }>();
  for (const file of [...files, "tiersync.yaml", "rules/secure-exchanges.yaml"]) {
    assert.ok(existsSync(join(folder.path, file)), file);
  }
  await succeeded(folder.program.run(["rules", "check"]));
  const { ok, tests } = (await folder.program.run(["rules", "test", "--json"])).json<{
    ok: boolean;
    tests: unknown[];
  }>();
  assert.ok(ok);
  assert.ok(tests.length >= 3);
  const before = readFileSync(join(folder.path, "tiersync.yaml"), "utf8");
  const again = await folder.program.run(INIT);
  assert.equal(again.code, 2);
  assert.match(again.err, /ERR_EXISTS/);
  assert.equal(readFileSync(join(folder.path, "tiersync.yaml"), "utf8"), before);
});

test("broken rules are exit code 2 with every place, a rule test that fails is exit code 1", async () => {
  await using folder = emptyFolder();
  await succeeded(folder.program.run(INIT));
  const file = join(folder.path, "rules", "secure-exchanges.yaml");
  const good = readFileSync(file, "utf8");
  writeFileSync(file, good.replace("tier: Pro, ", "tier: Prro, ").replace("priority: 20", "priority: twenty"));
  const broken = await folder.program.run(["rules", "check"]);
  assert.equal(broken.code, 2);
  const text = broken.out + broken.err;
  assert.match(text, /rules\/secure-exchanges\.yaml:13:\d+ .*Prro.*Pro/);
  assert.match(text, /rules\/secure-exchanges\.yaml:14:\d+ .*priority/);
  writeFileSync(file, good.replace("department: Legal}, tier: Pro}", "department: Legal}, tier: Eco}"));
  const failed = await folder.program.run(["rules", "test"]);
  assert.equal(failed.code, 1);
  assert.match(failed.out, /expected Eco, got Pro/);
});

test("cert new makes a key for its owner alone, cert show reads it back, and never is one overwritten", async () => {
  await using folder = emptyFolder();
  const made = await succeeded(folder.program.run(["cert", "new", "contoso", "--bits", "2048", "--json"]));
  const { thumbprintSha256 } = made.json<{ thumbprintSha256: string }>();
  assert.match(thumbprintSha256, /^[0-9A-F]{64}$/);
  const key = join(folder.path, "keys", "contoso.pem");
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder.path, "keys")).mode & 0o777, 0o700);
  const shown = await succeeded(folder.program.run(["cert", "show", "--json"]));
  const { items } = shown.json<{ items: { thumbprintSha256: string }[] }>();
  assert.deepEqual(
    items.map((item) => item.thumbprintSha256),
    [thumbprintSha256],
  );
  const before = readFileSync(key, "utf8");
  const again = await folder.program.run(["cert", "new", "contoso", "--bits", "2048"]);
  assert.match(again.err, /ERR_EXISTS/);
  assert.equal(readFileSync(key, "utf8"), before);
});

test("secret set takes the value from standard input and shows it to nobody", async () => {
  await using folder = emptyFolder();
  const { out, err } = await succeeded(folder.program.run(["secret", "set", "smtp"], { stdin: "Ünlö©kable\n" }));
  assert.doesNotMatch(out + err, /kable/);
  const file = join(folder.path, "keys", "smtp.secret");
  assert.equal(readFileSync(file, "utf8"), "Ünlö©kable");
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("rules schema gives the JSON Schemas that editors use", async () => {
  await using folder = emptyFolder();
  const { out } = await succeeded(folder.program.run(["rules", "schema"]));
  assert.match(out, /"\$schema"|schemas\//);
});

for (const [shell, first] of [
  ["az", /^#!\/usr\/bin\/env bash/],
  ["powershell", /^(\uFEFF)?#Requires -Version/],
] as const) {
  test(`entra-setup prints a script for ${shell} with this home's names and certificate`, async () => {
    await using folder = emptyFolder();
    await succeeded(folder.program.run(INIT));
    await succeeded(folder.program.run(["cert", "new", "contoso", "--bits", "2048"]));
    const { out } = await succeeded(folder.program.run(["entra-setup", "--shell", shell]));
    assert.match(out, first);
    assert.match(out, /SecureExchanges_Licences/);
    const body = readFileSync(join(folder.path, "keys", "contoso.crt"), "utf8").split("\n")[1] ?? "";
    assert.ok(body.length > 0 && out.includes(body));
  });
}

test("service install --print shows a unit that starts this very program", async () => {
  await using folder = emptyFolder();
  const { out } = await succeeded(folder.program.run(["service", "install", "--print"]));
  const start = /^ExecStart=(.*)$/m.exec(out)?.[1] ?? "";
  assert.ok(start.startsWith(COMPILED ? join(folder.path, "tiersync") : process.execPath), start);
  assert.ok(start.endsWith(` run --home ${folder.path}`), start);
});

test("demo --once does a whole cycle against the simulated tenant and leaves nothing behind", async () => {
  await using folder = emptyFolder();
  const demo = await succeeded(
    folder.program.run(["demo", "--once", "--port", "0", "--json"], { env: { TMPDIR: folder.path } }),
  );
  const { cycles, home } = demo.json<{
    cycles: { outcome: string; actions: Record<string, number> }[];
    home: string;
  }>();
  assert.equal(cycles[0]?.outcome, "succeeded");
  assert.ok((cycles[0]?.actions["assign"] ?? 0) > 100);
  assert.ok(home.startsWith(folder.path));
  assert.equal(existsSync(home), false);
});
