/** Tiers that somebody else keeps changing back in the licence system. */
import type { ContestStore } from "../cycle/store-ports.ts";
import type { Database } from "./database.ts";

/** A row of changes that was interrupted for longer than this begins anew; ms. The target is read whole once a day. */
const STREAK = 3 * 24 * 60 * 60 * 1000;

export function createContestStore(database: Database, tenant: number): ContestStore {
  return {
    note: (user, expected, now) => {
      const person = database.get("SELECT id FROM person WHERE tenant=? AND object_id=?", tenant, user)?.["id"];
      if (person === undefined || person === null) return 0;
      return database.get(
        `INSERT INTO contest (person, tenant, expected, times, at) VALUES (?, ?, ?, 1, ?)
         ON CONFLICT (person) DO UPDATE SET expected=excluded.expected, at=excluded.at,
           times=CASE WHEN expected IS excluded.expected AND excluded.at-at<=? THEN times+1 ELSE 1 END
         RETURNING times`,
        person,
        tenant,
        expected,
        now,
        STREAK,
      )?.["times"] as number;
    },
    times: () =>
      new Map(
        database
          .all("SELECT person, times FROM contest WHERE tenant=?", tenant)
          .map((row) => [row["person"] as number, row["times"] as number]),
      ),
  };
}
