/** Actions that were sent to a remote target and whose ends are not recorded; the journal writes and forgets them. */
import type { IntentStore } from "../cycle/store-ports.ts";
import type { ActionKind } from "../model/action.ts";
import type { Database } from "./database.ts";

export function createIntentStore(database: Database, tenant: number): IntentStore {
  return {
    of: (user) =>
      new Set(
        database
          .all("SELECT kind FROM intent WHERE tenant=? AND user=?", tenant, user)
          .map((row) => row["kind"] as ActionKind),
      ),
  };
}
