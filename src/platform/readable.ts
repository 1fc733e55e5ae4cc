/** Whether a file is there, or only cannot be seen: what is closed to this account must not read as "there is none". */
import { statSync } from "node:fs";
import { AgentError } from "../errors.ts";

const CLOSED = "it is closed to this account: use sudo, or an elevated prompt on Windows";

/** Returns, whether the file is there or not. Throws `AgentError` `ERR_PLATFORM` where nobody can say. */
export function assertVisible(path: string): void {
  try {
    statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (errno === "ENOENT" || errno === "ENOTDIR") return;
    throw new AgentError("ERR_PLATFORM", `${path} cannot be read (${errno})`, {
      ...(errno === "EACCES" || errno === "EPERM" ? { hint: CLOSED } : {}),
      facts: { file: path, errno },
      cause: error,
    });
  }
}
