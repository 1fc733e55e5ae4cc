/** Paths in the home folder, and in the configuration: there `/` and `\` are the same, and relative ones begin at the home folder. */
import { isAbsolute, relative, resolve } from "node:path";

/** In the home folder; findings about it bear this name. */
export const CONFIG_FILE = "tiersync.yaml";

/** Absolute path of what the configuration calls `path`. */
export function resolvePath(home: string, path: string): string {
  return resolve(home, path.trim().replaceAll("\\", "/"));
}

/** Whether `path` lies below the folder; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}
