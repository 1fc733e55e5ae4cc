/**
 * Events for people, kept until they are delivered: written in the transaction of the cycle, sent after it.
 *
 * An event is put into a message before it is sent, and the message keeps its id however often it is tried. A message is marked sent
 * after the other side accepted it: an agent killed between the two sends it once more under the same id, by which receivers can tell
 * that it is the same one.
 */
import { randomUUID } from "node:crypto";
import type { MessageQueue, NoticeChannel, Outbox, OutgoingMessage } from "../cycle/message-ports.ts";
import type { NoticeData } from "../model/notice.ts";
import type { Database, Row } from "./database.ts";

/** Written where a message's id would be: the event is not told on this channel. */
const NOBODY = "";
/** The error of messages whose channel was taken out of the configuration: nobody misses those. */
const UNCONFIGURED = "not configured any more";

export function createOutbox(database: Database, tenant: number): Outbox & MessageQueue {
  return {
    add: (notices, now) =>
      database.transaction(() => {
        for (const { key, topic, data } of notices) {
          database.run(
            "INSERT OR IGNORE INTO outbox (tenant, key, topic, data, created_at) VALUES (?, ?, ?, ?, ?)",
            tenant,
            key,
            topic,
            JSON.stringify(data),
            now,
          );
        }
      }),
    ongoing: (topic, holds, now) =>
      database.transaction(() => {
        const row = database.get("SELECT since FROM ongoing WHERE tenant=? AND topic=?", tenant, topic);
        if (!holds) {
          if (row !== undefined) database.run("DELETE FROM ongoing WHERE tenant=? AND topic=?", tenant, topic);
          return null;
        }
        if (row !== undefined) return row["since"] as number;
        database.run("INSERT INTO ongoing (tenant, topic, since) VALUES (?, ?, ?)", tenant, topic, now);
        return now;
      }),
    ongoingSince: (topic) => {
      const row = database.get("SELECT since FROM ongoing WHERE tenant=? AND topic=?", tenant, topic);
      return (row?.["since"] ?? null) as number | null;
    },
    oldest: (channel) => {
      const row = database.get(
        `SELECT min(created_at) AS at FROM outbox WHERE ${channel} IS NULL AND tenant=?`,
        tenant,
      );
      return (row?.["at"] ?? null) as number | null;
    },
    gather: (channel, together, now) =>
      database.transaction(() => {
        const topics = together
          ? [null]
          : database
              .all(
                `SELECT topic FROM outbox WHERE ${channel} IS NULL AND tenant=? GROUP BY topic ORDER BY min(id)`,
                tenant,
              )
              .map((row) => row["topic"] as string);
        for (const topic of topics) {
          const id = randomUUID();
          const { changes } = database.run(
            `UPDATE outbox SET ${channel}=? WHERE ${channel} IS NULL AND tenant=? AND (? IS NULL OR topic=?)`,
            id,
            tenant,
            topic,
            topic,
          );
          if (changes === 0) continue;
          database.run(
            "INSERT INTO message (id, tenant, channel, created_at, next_try_at) VALUES (?, ?, ?, ?, ?)",
            id,
            tenant,
            channel,
            now,
            now,
          );
        }
      }),
    skip: (channel, now) =>
      database.transaction(() => {
        database.run(`UPDATE outbox SET ${channel}=? WHERE ${channel} IS NULL AND tenant=?`, NOBODY, tenant);
        database.run(
          `UPDATE message SET failed_at=?, error=?
           WHERE tenant=? AND channel=? AND sent_at IS NULL AND failed_at IS NULL`,
          now,
          UNCONFIGURED,
          tenant,
          channel,
        );
      }),
    open: (channel, due) =>
      database
        .all(
          `SELECT * FROM message WHERE tenant=? AND channel=? AND sent_at IS NULL AND failed_at IS NULL
           AND (? IS NULL OR next_try_at<=?) ORDER BY seq`,
          tenant,
          channel,
          due,
          due,
        )
        .map((row) => readMessage(database, row, channel)),
    sent: (id, now) => void database.run("UPDATE message SET sent_at=?, error=NULL WHERE id=?", now, id),
    failed: (id, { error, nextTryAt, recipients }, now) =>
      void database.run(
        "UPDATE message SET attempts=attempts+1, error=?, next_try_at=?, failed_at=?, recipients=? WHERE id=?",
        error,
        nextTryAt ?? now,
        nextTryAt === null ? now : null,
        recipients === null ? null : JSON.stringify(recipients),
        id,
      ),
    counts: () => {
      const row = database.get(
        `SELECT count(*) FILTER (WHERE sent_at IS NULL AND failed_at IS NULL) AS open,
           count(failed_at) FILTER (WHERE error<>?) AS failed,
           count(*) FILTER (WHERE sent_at IS NULL AND failed_at IS NULL AND attempts>0) AS refused,
           (SELECT count(*) FROM outbox WHERE (email IS NULL OR webhook IS NULL) AND tenant=?) AS loose,
           (SELECT error FROM message WHERE tenant=? AND error IS NOT NULL AND error<>? ORDER BY next_try_at DESC LIMIT 1) AS error
         FROM message WHERE tenant=?`,
        UNCONFIGURED,
        tenant,
        tenant,
        UNCONFIGURED,
        tenant,
      );
      return {
        waiting: Number(row?.["open"]) + Number(row?.["loose"]),
        refused: Number(row?.["refused"]),
        failed: Number(row?.["failed"]),
        error: (row?.["error"] ?? null) as string | null,
      };
    },
  };
}

function readMessage(database: Database, row: Row, channel: NoticeChannel): OutgoingMessage {
  const recipients = row["recipients"] as string | null;
  return {
    id: row["id"] as string,
    channel,
    createdAt: row["created_at"] as number,
    attempts: row["attempts"] as number,
    recipients: recipients === null ? null : (JSON.parse(recipients) as string[]),
    events: database
      .all(`SELECT topic, data, created_at FROM outbox WHERE ${channel}=? ORDER BY id`, row["id"] ?? null)
      .map((event) => ({
        topic: event["topic"] as string,
        data: JSON.parse(event["data"] as string) as NoticeData,
        at: event["created_at"] as number,
      })),
  };
}
