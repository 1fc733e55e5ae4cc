/** tiersync as a process of its own, run from source as a user would, on a test home. */
import { join } from "node:path";
import { atEnd } from "./clean-up.ts";
import type { TestHome } from "./home.ts";
import { tempFolder } from "./temp-folder.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export interface ProcessResult {
  /** 137 (128 + 9) after SIGKILL, as a shell has it. */
  readonly code: number;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
  readonly json: any;
}

export interface RunningProcess {
  /** SIGKILL: nothing in it can notice. */
  kill(): void;
  readonly ended: Promise<ProcessResult>;
}

/** `shell`: commands before it in the same shell, for limits. */
export function startProcess(home: TestHome, argv: readonly string[], shell = ""): RunningProcess {
  const command = [process.execPath, MAIN, ...argv, "--home", home.home, "--json"];
  const folder = tempFolder();
  // Files: the sockets that Bun makes of "pipe" can be reset by a process that dies.
  const [out, err] = [Bun.file(join(folder, "out")), Bun.file(join(folder, "err"))];
  const child = Bun.spawn(shell === "" ? command : ["sh", "-c", `${shell} exec "$@"`, "sh", ...command], {
    stdin: "ignore",
    stdout: out,
    stderr: err,
  });
  atEnd(() => {
    child.kill("SIGKILL");
    return child.exited;
  });
  const read = async (): Promise<ProcessResult> => {
    const code = await child.exited;
    const said = await out.text();
    return { code, err: await err.text(), json: code !== 137 && said.trim() !== "" ? JSON.parse(said) : null };
  };
  return { kill: () => child.kill("SIGKILL"), ended: read() };
}

export function runProcess(home: TestHome, argv: readonly string[], shell = ""): Promise<ProcessResult> {
  return startProcess(home, argv, shell).ended;
}
