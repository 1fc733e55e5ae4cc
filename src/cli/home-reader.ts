/** A home's database, for commands that only show it. */
import { join } from "node:path";
import type { Reader } from "../agent.ts";
import { plainText } from "../model/plain-text.ts";
import { assertVisible } from "../platform/readable.ts";
import type { CommandIo } from "./io.ts";

/**
 * Null: nothing was ever synchronised here, which `io` is told: `--home` may be mistyped. Throws `ERR_PLATFORM` when this account may not look: data/ of a service is closed, and
 * "nothing is held" would be a lie then.
 */
export async function openHomeReader(home: string, io: Pick<CommandIo, "err"> | null): Promise<Reader | null> {
  const { DATABASE_FILE, openReader } = await import("../agent.ts");
  assertVisible(join(home, DATABASE_FILE));
  const reader = openReader(home);
  if (reader === null) io?.err(`remark: nothing was ever synchronised in ${plainText(home)}\n`);
  return reader;
}
