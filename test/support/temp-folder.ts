/** Folders that go away with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./clean-up.ts";

/** `name`: what its name begins with, where that matters. */
export function tempFolder(name = "tiersync-test-"): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
