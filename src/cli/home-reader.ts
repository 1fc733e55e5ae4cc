/** A home's database, for commands that list what is in it. */
import { AgentError } from "../errors.ts";
import type { Reader } from "../home-database.ts";
import { plainText } from "../model/plain-text.ts";
import type { GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import type { CommandIo } from "./io.ts";

/**
 * Null: nothing was ever synchronised there, and the person is told: `--home` may be mistyped. Throws as `openReader`, and `ERR_STORE` where a
 * database was: that it is gone is not that nobody is known.
 */
export async function openHomeReader(options: GlobalOptions, io: CommandIo): Promise<Reader | null> {
  const { DATABASE_FILE, openReader, wasSeen } = await import("../home-database.ts");
  const home = resolveHome(options.home, io);
  const reader = openReader(home);
  if (reader === null && wasSeen(home)) {
    throw new AgentError("ERR_STORE", `there was a database in ${home}, and it is gone or empty`, {
      hint: `put a backup in the place of ${DATABASE_FILE}; without one the next cycle begins from nothing`,
    });
  }
  if (reader === null && !options.json && !options.quiet) {
    io.err(`remark: nothing was ever synchronised in ${plainText(home)}\n`);
  }
  return reader;
}
