/** Events for people, kept until they are delivered: written in the transaction of the cycle, sent after it. */
import type { Outbox } from "../cycle/store-ports.ts";
import type { Database } from "./database.ts";

export function createOutbox(database: Database): Outbox {
  return {
    add: (notices, now) =>
      database.transaction(() => {
        for (const { tenant, kind, key, data } of notices) {
          database.run(
            "INSERT OR IGNORE INTO outbox (tenant, kind, key, data, created_at, next_try_at) VALUES (?, ?, ?, ?, ?, ?)",
            tenant,
            kind,
            key,
            JSON.stringify(data),
            now,
            now,
          );
        }
      }),
  };
}
