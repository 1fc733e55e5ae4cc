/** A home's database, for commands that list what is in it. */
import type { Reader } from "../home-database.ts";
import { plainText } from "../model/plain-text.ts";
import type { GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import type { CommandIo } from "./io.ts";

/** Null: nothing was ever synchronised there, and the person is told: `--home` may be mistyped. Throws as `openReader`. */
export async function openHomeReader(options: GlobalOptions, io: CommandIo): Promise<Reader | null> {
  const { openReader } = await import("../home-database.ts");
  const home = resolveHome(options.home, io);
  const reader = openReader(home);
  if (reader === null && !options.json && !options.quiet) {
    io.err(`remark: nothing was ever synchronised in ${plainText(home)}\n`);
  }
  return reader;
}
