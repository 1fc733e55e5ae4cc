/** Which folder is home: every path of the agent resolves against it, never against the current folder. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { AgentError } from "../errors.ts";
import type { CommandIo } from "./io.ts";

/** `--home`, else TIERSYNC_HOME, else the executable's folder, else (run from source) the current folder. Absolute. Throws `ERR_USAGE`. */
export function resolveHome(option: string | undefined, io: Pick<CommandIo, "env" | "cwd" | "runtime">): string {
  const fromEnvironment = io.env["TIERSYNC_HOME"];
  // A variable that a script forgot to set: any other folder would be a guess.
  if (option === "") throw new AgentError("ERR_USAGE", "--home is empty", { hint: "name a folder, or leave it out" });
  const named = option ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  if (named === undefined) return io.runtime.executableFolder ?? io.cwd;
  const home = resolve(io.cwd, named);
  if (isNoFolder(home)) {
    throw new AgentError("ERR_USAGE", `the home folder ${home} is a file`, { hint: "name a folder: --home DIR" });
  }
  return home;
}

/** False for what is not there: `init` makes it. */
function isNoFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTDIR";
  }
}
