/**
 * `bun run test:windows`: the suite where Wine can be had, else a line that says that it was skipped (`.ci/run` counts a suite
 * without tests as failed).
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const got = spawnSync(join(import.meta.dirname, "get-wine.sh"), { stdio: ["ignore", "ignore", "inherit"] });
if (got.status === 0) {
  const test = spawnSync(process.execPath, ["test", import.meta.dirname, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = test.status ?? 1;
} else {
  console.log("test:windows was skipped: Wine cannot be had here, for the reason above");
}
