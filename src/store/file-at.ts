/** Which file is at a path, whatever is in it. */
import { statSync } from "node:fs";

/** Another text when another file is there; null: none. The file that somebody has open keeps its own, also when it was deleted. */
export function fileAt(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}
