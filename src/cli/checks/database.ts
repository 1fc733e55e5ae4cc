/** Is the database whole, and is it the one last seen here? */
import { openReader, wasSeen } from "../../home-database.ts";
import type { CheckResult } from "../../model/views.ts";
import { fail, failed, ok, warn } from "./result.ts";

const ID = "home.database";
const RESTORE =
  "stop the agent, move data/tiersync.db away and put a backup (`tiersync backup`) in its place; without one everything begins anew";

export function checkDatabase(home: string): CheckResult {
  try {
    const reader = openReader(home);
    if (reader === null) {
      if (!wasSeen(home)) return ok(ID, null, "none yet: the first cycle makes it");
      return warn(ID, null, "there was a database here, and it is gone or empty", RESTORE);
    }
    try {
      const damage = reader.damage();
      if (damage !== null) return fail(ID, null, `the database is damaged: ${damage}`, RESTORE);
      return identityOf(reader.identity);
    } finally {
      reader.close();
    }
  } catch (error) {
    return failed(ID, null, error);
  }
}

function identityOf(identity: "same" | "older" | "foreign"): CheckResult {
  switch (identity) {
    case "same":
      return ok(ID, null, "whole, and the one last seen here");
    case "older": {
      const hint = "nothing to do if you restored a backup; look at `tiersync holds` after the next cycle";
      return warn(ID, null, "older than the last one seen here: what would change or take something is held", hint);
    }
    case "foreign": {
      const hint = "if this machine is to take over: `tiersync run --take-over`, once";
      return warn(ID, null, "made on another machine: what would change or take something is held", hint);
    }
  }
}
