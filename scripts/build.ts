/** `bun run build`: the executables and their checksums in dist/. Names of platforms as arguments: only those. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile.ts";
import { PLATFORMS, type Platform } from "./runtimes.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const OUTFILE: Readonly<Record<Platform, string>> = {
  "windows-x64": "tiersync.exe",
  "linux-x64": "tiersync",
  "linux-arm64": "tiersync-arm64",
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !PLATFORMS.some((platform) => platform === name));
if (unknown.length > 0) throw new Error(`unknown platform ${unknown.join(", ")}: there are ${PLATFORMS.join(", ")}`);

rmSync(DIST, { recursive: true, force: true });
const sums: string[] = [];
for (const platform of PLATFORMS.filter((one) => named.length === 0 || named.includes(one))) {
  const outfile = join(DIST, OUTFILE[platform]);
  compile(join(ROOT, "src/main.ts"), platform, outfile);
  sums.push(`${createHash("sha256").update(readFileSync(outfile)).digest("hex")}  ${OUTFILE[platform]}\n`);
  console.log(`dist/${OUTFILE[platform]}  ${(statSync(outfile).size / 1e6).toFixed(1)} MB`);
}
writeFileSync(join(DIST, "SHA256SUMS"), sums.join(""));
