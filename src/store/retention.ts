/** Old history goes, bounded by age. */
import type { Database } from "./database.ts";

export interface Retention {
  /** Milliseconds. */
  readonly cycles: number;
  readonly journal: number;
}

/** Deletes what is older than its retention. The last good cycle of each tenant stays: it says that the first one is over. */
export function prune(database: Database, retention: Retention, now: number): void {
  database.transaction(() => {
    database.run(
      `DELETE FROM cycle WHERE started_at<? AND outcome IS NOT NULL AND seq NOT IN
       (SELECT max(seq) FROM cycle WHERE outcome IN ('succeeded', 'held') GROUP BY tenant)`,
      now - retention.cycles,
    );
    database.run("DELETE FROM event WHERE at<?", now - retention.journal);
  });
}
