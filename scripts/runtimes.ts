/**
 * The Bun runtimes that the executables consist of, for other systems than this one too. They are packages like any other,
 * pinned with their hashes by `runtimes/bun.lock`; about 330 MB, fetched once into the user's cache folder.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Baseline: also for processors, and virtual ones, without AVX2. */
const PACKAGES = {
  "windows-x64": { target: "bun-windows-x64-baseline", file: "@oven/bun-windows-x64-baseline/bin/bun.exe" },
  "linux-x64": { target: "bun-linux-x64-baseline", file: "@oven/bun-linux-x64-baseline/bin/bun" },
  "linux-arm64": { target: "bun-linux-arm64", file: "@oven/bun-linux-aarch64/bin/bun" },
} as const;

export type Platform = keyof typeof PACKAGES;
export const PLATFORMS = Object.keys(PACKAGES) as Platform[];

export interface RuntimeFile {
  /** What `bun build --target` calls it. */
  readonly target: string;
  readonly path: string;
}

/** Fetches what is not there yet. Throws when this is not the pinned version of Bun: the executable's bytecode would not fit. */
export function runtimeFor(platform: Platform): RuntimeFile {
  const folder = installed();
  const { target, file } = PACKAGES[platform];
  return { target, path: join(folder, "node_modules", file) };
}

/** A folder of the user's cache for things that builds and suites make once. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tiersync");
}

function installed(): string {
  const source = join(import.meta.dirname, "runtimes");
  const lock = readFileSync(join(source, "bun.lock"));
  if (!lock.includes(`bun-linux-aarch64@${Bun.version}"`)) {
    throw new Error(`scripts/runtimes is for another Bun than this ${Bun.version}: use the version that it names`);
  }
  const name = `runtimes-${createHash("sha256").update(lock).digest("hex").slice(0, 12)}`;
  const folder = join(cacheFolder(), name);
  const complete = join(folder, "complete");
  if (existsSync(complete)) return folder;
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "bun.lock"]) copyFileSync(join(source, file), join(folder, file));
  // Every system's packages, not only this one's; frozen: what is fetched must have the hashes of the lock file.
  const args = ["install", "--frozen-lockfile", "--ignore-scripts", "--os=*", "--cpu=*"];
  const done = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`the Bun runtimes could not be fetched: ${done.stderr}`);
  writeFileSync(complete, "");
  return folder;
}
