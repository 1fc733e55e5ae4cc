/** A home's database, for commands that only show it. */
import { join } from "node:path";
import type { Reader } from "../agent.ts";
import { assertVisible } from "../platform/readable.ts";

/**
 * Null: nothing was ever synchronised here. Throws `ERR_PLATFORM` when this account may not look: data/ of a service is closed, and
 * "nothing is held" would be a lie then.
 */
export async function openHomeReader(home: string): Promise<Reader | null> {
  const { DATABASE_FILE, openReader } = await import("../agent.ts");
  assertVisible(join(home, DATABASE_FILE));
  return openReader(home);
}
