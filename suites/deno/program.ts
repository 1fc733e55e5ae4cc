/**
 * tiersync as a process of its own: the source on the runtime that runs this suite, or the executable that TIERSYNC_COMMAND names.
 * Only node: APIs here and in the tests beside it: they pass in `bun test` and in `deno test`.
 */
import { spawn } from "node:child_process";
import { copyFileSync, linkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(import.meta.resolve("../../src/main.ts"));
const EXECUTABLE = process.env["TIERSYNC_COMMAND"];

/** What runs tiersync here, as `tiersync version` names it. */
export const RUNTIME = EXECUTABLE === undefined && "deno" in process.versions ? "deno" : "bun";
export const COMPILED = EXECUTABLE !== undefined;

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as the one JSON document that it is. */
  json<T>(): T;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Running {
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** What it wrote to standard output so far. */
  out(): string;
  readonly ended: Promise<Outcome>;
}

export interface Program {
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  start(args: readonly string[], options?: RunOptions): Running;
}

/**
 * tiersync with `folder` as its home, without being told: an executable lies in it and is started from elsewhere; the source is run
 * with it as the current folder.
 */
export function programIn(folder: string): Program {
  const [command, args, cwd] = commandIn(folder);
  const start = (more: readonly string[], options: RunOptions = {}): Running => {
    const child = spawn(command, [...args, ...more], {
      cwd,
      // Nothing of the environment that this suite happens to run in, but what every process has.
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: process.env["TMPDIR"] ?? "/tmp", ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out = textOf(child.stdout);
    const err = textOf(child.stderr);
    // It may end without having read anything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        const result = { code: code ?? -1, out: out(), err: signal === null ? err() : `${err()}(${signal})` };
        resolve({ ...result, json: () => parsed(result) });
      });
    });
    const kill = (signal: NodeJS.Signals): void => {
      // Not `child.kill`: Deno then reports the signal as the end, whatever exit code the child chose.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(child.pid, signal);
    };
    return { kill, out, ended };
  };
  return { start, run: (more, options) => start(more, options).ended };
}

function commandIn(folder: string): [command: string, args: string[], cwd: string] {
  if (EXECUTABLE === undefined) {
    return [process.execPath, RUNTIME === "deno" ? ["run", "--no-check", "-A", MAIN] : [MAIN], folder];
  }
  const own = join(folder, "tiersync");
  try {
    linkSync(EXECUTABLE, own);
  } catch {
    copyFileSync(EXECUTABLE, own); // on another disk
  }
  return [own, [], "/"];
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function parsed<T>({ code, out, err }: { code: number; out: string; err: string }): T {
  try {
    return JSON.parse(out) as T;
  } catch {
    throw new Error(`no JSON on standard output, exit code ${code}: ${out}\n${err}`);
  }
}
