/**
 * Drives Windows programs under Wine 10 in its chroot. Each `Wine` is a fresh Windows installation, copied from the one that
 * `get-wine.sh` made, with its own services and registry; loopback is shared with the host, so tests fetch directly.
 */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runtimeFor } from "../../scripts/runtimes.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Wine {
  /** Drive C: as the host sees it. */
  readonly driveC: string;
  /** Runs a Windows program to its end; its output is UTF-8. Ends it after `timeoutMs` (default 60 s), code 124. */
  run(command: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The same with administrator rights, which programs have under neither Wine nor Windows without being asked for. */
  runElevated(command: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a TypeScript file of this folder inside Windows. */
  script(file: string, ...args: string[]): Promise<Outcome>;
  /** Ends everything that runs in this Windows and deletes it. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Windows path; default C:\ */
  readonly cwd?: string;
}

/** The mounts live in a namespace of the one command, so nothing stays mounted and deleting the folder is safe. */
const ENTER = 'mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"; d=$1; shift; exec chroot "$d" "$@"';

function inChroot(
  root: string,
  prefix: string,
  env: Readonly<Record<string, string>>,
  command: readonly string[],
): string[] {
  const settings = {
    PATH: "/usr/lib/wine:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/wine",
    LANG: "C.UTF-8",
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=",
    XDG_RUNTIME_DIR: "/wine/run",
    ...env,
  };
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    ENTER,
    "sh",
    root,
    "env",
    "-i",
    ...pairs,
    ...command,
  ];
}

/** Gets Wine if it is not there yet, and boots a Windows of its own. Throws, saying why, where Wine cannot be had. */
export async function bootWine(): Promise<Wine> {
  const got = Bun.spawn([join(import.meta.dirname, "get-wine.sh")], { stdout: "pipe", stderr: "inherit" });
  const root = (await new Response(got.stdout).text()).trim();
  if ((await got.exited) !== 0) throw new Error("Wine could not be had: see the lines of get-wine above");

  const prefix = `/wine/windows-${randomBytes(4).toString("hex")}`;
  const onHost = join(root, prefix);
  mkdirSync(join(root, "wine/run"), { recursive: true, mode: 0o700 });
  cpSync(join(root, "wine/template"), onHost, {
    recursive: true,
    verbatimSymlinks: true,
    mode: 2 /* COPYFILE_FICLONE */,
  });

  // Services end with the last ordinary program: this one waits on its stdin for as long as the Windows is in use.
  const keeper = Bun.spawn(inChroot(root, prefix, {}, ["wine64", "cmd", "/c", "set /p x="]), {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });

  async function start(command: readonly string[], options: RunOptions): Promise<Outcome> {
    const seconds = Math.ceil((options.timeoutMs ?? 60_000) / 1000);
    const limited = ["timeout", "--kill-after=5", String(seconds), ...command];
    const child = Bun.spawn(inChroot(root, prefix, options.env ?? {}, limited), {
      stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  }

  const driveC = join(onHost, "drive_c");
  cpSync(runtimeFor("windows-x64").path, join(driveC, "bun.exe"));

  async function script(file: string): Promise<string[]> {
    const bundle = join(driveC, file.replace(/\.ts$/, ".js"));
    if (!existsSync(bundle)) writeFileSync(bundle, await bundled(join(import.meta.dirname, file)));
    return ["wine64", "C:\\bun.exe", `C:\\${basename(bundle)}`];
  }

  return {
    driveC,
    run: (command, options = {}) => start(["wine64", ...command], options),
    runElevated: async (command, options = {}) => await start([...(await script("elevated.ts")), ...command], options),
    script: async (file, ...args) => await start([...(await script(file)), ...args], {}),
    async close() {
      keeper.stdin.end();
      await start(["wineserver", "-k", "-w"], { timeoutMs: 15_000 });
      keeper.kill();
      await keeper.exited;
      rmSync(onHost, { recursive: true, force: true });
    },
  };
}

async function bundled(entry: string): Promise<string> {
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "bun" });
  return (await outputs[0]?.text()) ?? "";
}
