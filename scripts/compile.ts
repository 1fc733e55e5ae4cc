/** One executable out of an entry file and a runtime. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { type Platform, runtimeFor } from "./runtimes.ts";
import { stampRuntime } from "./stamp-windows.ts";

/**
 * Neither `.env` nor `bunfig.toml` of the folder it is started in may run. Names are not shortened: error classes keep theirs.
 * No `--bytecode`: it makes the start 30 ms shorter and the executable several MB larger. No `--sourcemap`: it brings every source file
 * along, 1.7 MB; stack traces name functions all the same.
 */
const FLAGS = [
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--minify-whitespace",
  "--minify-syntax",
];

/** Throws, with what Bun said, when it does not compile. The same entry, platform and name of `outfile` give the same bytes. */
export function compile(entry: string, platform: Platform, outfile: string): void {
  const { target, path } = runtimeFor(platform);
  const work = mkdtempSync(join(tmpdir(), "tiersync-build-"));
  try {
    let runtime = path;
    if (platform === "windows-x64") {
      runtime = join(work, "bun.exe");
      stampRuntime(path, runtime, packageJson);
    }
    mkdirSync(dirname(outfile), { recursive: true });
    const what = ["--compile", `--target=${target}`, `--compile-executable-path=${runtime}`, ...FLAGS];
    const done = spawnSync(process.execPath, ["build", ...what, entry, "--outfile", outfile], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${entry} did not compile for ${platform}:\n${done.stderr}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
