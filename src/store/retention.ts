/** Old history goes, bounded by age; that of tenants which are configured no more, too. */
import type { Database } from "./database.ts";

/** Milliseconds. */
export interface Retention {
  readonly cycles: number;
  readonly journal: number;
  readonly outbox: number;
}

/** Events that no message tells any more, on either channel. */
const TOLD =
  "email IS NOT NULL AND webhook IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE id IN (email, webhook))";

/**
 * Deletes what is older than its retention. The last good cycle of each tenant, of all its people, stays: it says that the first one is over.
 * `now`: epoch ms.
 */
export function prune(database: Database, retention: Retention, now: number): void {
  const before = now - retention.outbox;
  const journalBefore = now - retention.journal;
  database.transaction(() => {
    database.run(
      `DELETE FROM cycle WHERE started_at<? AND outcome IS NOT NULL AND seq NOT IN
       (SELECT max(seq) FROM cycle WHERE outcome IN ('succeeded', 'held') AND only_user IS NULL GROUP BY tenant)`,
      now - retention.cycles,
    );
    database.run("DELETE FROM event WHERE at<?", journalBefore);
    database.run("DELETE FROM message WHERE coalesce(sent_at, failed_at)<?", before);
    // The key stays as long as the journal, so that the event is not told again; what it says does not.
    database.run(`UPDATE outbox SET data='{}' WHERE created_at<? AND data<>'{}' AND ${TOLD}`, before);
    database.run(`DELETE FROM outbox WHERE created_at<? AND ${TOLD}`, journalBefore);
  });
}
