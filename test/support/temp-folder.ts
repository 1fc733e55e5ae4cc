/** A folder that goes away with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./clean-up.ts";

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tiersync-test-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
