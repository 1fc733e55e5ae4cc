/** tiersync as a process of its own, run from source as a user would, on a test home. */
import { join } from "node:path";
import { atEnd } from "./clean-up.ts";
import { CommandResult, type DocumentOf } from "./command-json.ts";
import type { TestHome } from "./home.ts";
import { tempFolder } from "./temp-folder.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export interface RunningProcess<Document = unknown> {
  /** SIGKILL: nothing in it can notice. */
  kill(): void;
  readonly ended: Promise<CommandResult<Document>>;
}

/** `shell`: commands before it in the same shell, for limits. */
export function startProcess<const Argv extends readonly string[]>(
  home: TestHome,
  argv: Argv,
  shell = "",
): RunningProcess<DocumentOf<Argv>> {
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
  const read = async (): Promise<CommandResult<DocumentOf<Argv>>> => {
    const code = await child.exited;
    return new CommandResult([...argv, "--json"], { code, out: await out.text(), err: await err.text() });
  };
  return { kill: () => child.kill("SIGKILL"), ended: read() };
}

export function runProcess<const Argv extends readonly string[]>(
  home: TestHome,
  argv: Argv,
  shell = "",
): Promise<CommandResult<DocumentOf<Argv>>> {
  return startProcess(home, argv, shell).ended;
}
