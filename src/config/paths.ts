/** Paths in the configuration: `/` and `\` are the same, and relative ones begin at the home folder. */
import { resolve } from "node:path";

/** Absolute path of what the configuration calls `path`. */
export function resolvePath(home: string, path: string): string {
  return resolve(home, path.trim().replaceAll("\\", "/"));
}
