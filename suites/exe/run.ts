/**
 * `bun run test:exe`: builds the executable for this machine and drives it, with the suite that every way to run tiersync passes and
 * with what concerns an executable only.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import { HERE } from "./here.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tiersync-exe-"));
try {
  const executable = join(folder, "tiersync");
  compile(join(root, "src/main.ts"), HERE, executable);
  const test = spawnSync(process.execPath, ["test", "./suites/deno", "./suites/exe", ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, TIERSYNC_COMMAND: executable },
    stdio: "inherit",
  });
  process.exitCode = test.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
