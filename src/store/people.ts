/** The people of one tenant: what the mirror says of them together with what was decided about them. */
import type { PeopleStore, StoredPerson } from "../cycle/store-ports.ts";
import type { Mailbox, MailboxSettings, ObjectId } from "../model/directory.ts";
import type { PersonFailure, PersonState } from "../model/person.ts";
import { ACCOUNT_COLUMNS, readAccount } from "./accounts.ts";
import type { Database, Row } from "./database.ts";
import { createDecisionWriter } from "./decisions.ts";
import { markDirty } from "./dirty.ts";
import { createFirstRead } from "./first-read.ts";
import { readGroupGraph } from "./membership.ts";
import { createMirror } from "./mirror.ts";

const PERSON_SQL = `SELECT p.id AS key, p.object_id, p.properties, p.deleted,
  m.person AS has_mailbox, m.settings,
  (SELECT group_concat(grp) FROM member WHERE person=p.id) AS direct,
  d.state, d.reason, d.since, d.queue_tier, d.queue_since, d.clear_since, d.failure,
  ${ACCOUNT_COLUMNS}
  FROM person p LEFT JOIN mailbox m ON m.person=p.id LEFT JOIN decision d ON d.person=p.id LEFT JOIN account a ON a.person=p.id`;

export function createPeopleStore(database: Database, tenant: number): PeopleStore {
  const byKeys = (keys: readonly number[]): StoredPerson[] =>
    database
      .all(`${PERSON_SQL} WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id`, JSON.stringify(keys))
      .map(readPerson);
  const writeDecisions = createDecisionWriter(database, tenant);
  const firstRead = createFirstRead(database, tenant);
  const tenantRow = (): Row => database.get("SELECT * FROM tenant WHERE id=?", tenant) as Row;

  const openKeys = (now: number): number[] =>
    database
      .all(
        `SELECT person FROM dirty WHERE tenant=?
         UNION SELECT person FROM decision WHERE tenant=? AND due<=?
         ORDER BY 1`,
        tenant,
        tenant,
        now,
      )
      .map((row) => row["person"] as number);

  function* everybody(chunk: number): Iterable<readonly StoredPerson[]> {
    for (let after = 0; ; ) {
      const rows = database.all(
        // The plus keeps SQLite from going by the object ids and sorting everybody for each chunk.
        `${PERSON_SQL} WHERE +p.tenant=? AND p.id>? ORDER BY p.id LIMIT ?`,
        tenant,
        after,
        chunk,
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last["key"] as number;
      yield rows.map(readPerson);
    }
  }

  function* opened(now: number, chunk: number): Iterable<readonly StoredPerson[]> {
    const keys = openKeys(now);
    for (let start = 0; start < keys.length; start += chunk) yield byKeys(keys.slice(start, start + chunk));
  }

  return {
    mirror: (properties, deciding = properties) => createMirror(database, tenant, { properties, deciding }, firstRead),
    mirroredProperties: () => {
      const text = tenantRow()["properties"] as string | null;
      return text === null ? null : (JSON.parse(text) as string[]);
    },
    groupGraph: () => readGroupGraph(database, tenant),
    evaluation: () => {
      const row = tenantRow();
      return {
        everybody: row["all_dirty"] === 1,
        fingerprint: row["fingerprint"] as string | null,
        at: row["evaluated_at"] as number | null,
      };
    },
    markDirty: (people) => markDirty(database, tenant, people),
    markAllDirty: () => void database.run("UPDATE tenant SET all_dirty=1 WHERE id=?", tenant),
    open: (now, chunk) =>
      tenantRow()["all_dirty"] === 1 ? (firstRead.take(chunk) ?? everybody(chunk)) : opened(now, chunk),
    queueHeads: (limit) => {
      const pairs = database.all(
        `SELECT DISTINCT d.queue_tier AS wanted, a.tier AS held FROM decision d LEFT JOIN account a ON a.person=d.person
         WHERE d.tenant=? AND d.queue_tier IS NOT NULL`,
        tenant,
      );
      const keys: number[] = [];
      for (const { wanted, held } of pairs) {
        const rows = database.all(
          `SELECT d.person FROM decision d LEFT JOIN account a ON a.person=d.person JOIN person p ON p.id=d.person
           WHERE d.tenant=? AND d.queue_tier IS NOT NULL AND d.queue_tier=? AND a.tier IS ? AND d.failure IS NULL
           ORDER BY d.queue_since, p.object_id LIMIT ?`,
          tenant,
          wanted ?? null,
          held ?? null,
          limit,
        );
        for (const row of rows) keys.push(row["person"] as number);
      }
      return byKeys(keys);
    },
    claimants: (addressKeys) => {
      const keys = JSON.stringify(addressKeys);
      const rows = database.all(
        `SELECT d.person AS person FROM json_each(?) k CROSS JOIN decision d ON d.address_key=k.value AND d.tenant=?
         UNION SELECT a.person FROM json_each(?) k CROSS JOIN account a ON a.address_key=k.value AND a.tenant=? WHERE a.person IS NOT NULL`,
        keys,
        tenant,
        keys,
        tenant,
      );
      return byKeys(rows.map((row) => row["person"] as number));
    },
    person: (id) => {
      const row = database.get(`${PERSON_SQL} WHERE p.tenant=? AND p.object_id=?`, tenant, id);
      return row === undefined ? null : readPerson(row);
    },
    oldestMailboxes: (limit) =>
      database
        .all(
          `SELECT p.object_id AS id FROM mailbox m JOIN person p ON p.id=m.person
           WHERE p.tenant=? AND p.deleted=0 AND EXISTS (SELECT 1 FROM member WHERE person=p.id)
           ORDER BY m.read_at, m.person LIMIT ?`,
          tenant,
          limit,
        )
        .map((row) => row["id"] as string),
    saveMailboxes: (settings, now) => saveMailboxes(database, tenant, settings, now),
    decide: (decisions) => database.transaction(() => writeDecisions(decisions)),
    settled: (mark) =>
      database.transaction(() => {
        database.run(
          "UPDATE tenant SET all_dirty=0, fingerprint=?, evaluated_at=? WHERE id=?",
          mark.fingerprint,
          mark.at,
          tenant,
        );
        database.run("DELETE FROM dirty WHERE tenant=?", tenant);
      }),
    settledOnly: (people) =>
      void database.run(
        "DELETE FROM dirty WHERE tenant=? AND person IN (SELECT value FROM json_each(?))",
        tenant,
        JSON.stringify(people),
      ),
    remark: (person, reason) => void database.run("UPDATE decision SET reason=? WHERE person=?", reason, person),
    managed: () =>
      database.get(
        "SELECT count(*) AS n FROM decision WHERE tenant=? AND state NOT IN ('unmanaged', 'skipped')",
        tenant,
      )?.["n"] as number,
    waiting: () =>
      new Map(
        database
          .all(
            "SELECT queue_tier AS tier, count(*) AS people FROM decision WHERE tenant=? AND queue_tier IS NOT NULL AND state='waiting' GROUP BY 1",
            tenant,
          )
          .map((row) => [row["tier"] as string, row["people"] as number]),
      ),
  };
}

function readPerson(row: Row): StoredPerson {
  const state = row["state"] as PersonState | null;
  const queueTier = row["queue_tier"] as string | null;
  const failure = row["failure"] as string | null;
  return {
    key: row["key"] as number,
    id: row["object_id"] as string,
    properties: readProperties(row["properties"] as string | null),
    presence: row["deleted"] === 1 ? "deleted" : "present",
    mailbox: row["has_mailbox"] === null ? "unread" : readMailbox(row["settings"] as string | null),
    direct: (row["direct"] as string | null) ?? "",
    account: readAccount(row, row["object_id"] as string),
    previous:
      state === null
        ? null
        : {
            state,
            reason: row["reason"] as string,
            since: row["since"] as number,
            queue: queueTier === null ? null : { tier: queueTier, since: row["queue_since"] as number },
            clearSince: row["clear_since"] as number | null,
            failure: failure === null ? null : (JSON.parse(failure) as PersonFailure),
          },
  };
}

function readProperties(text: string | null): StoredPerson["properties"] {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

function readMailbox(settings: string | null): Mailbox {
  return settings === null ? "missing" : (JSON.parse(settings) as MailboxSettings);
}

function saveMailboxes(
  database: Database,
  tenant: number,
  settings: ReadonlyMap<ObjectId, Exclude<Mailbox, "unread">>,
  now: number,
): void {
  database.transaction(() => {
    for (const [id, mailbox] of settings) {
      const row = database.get(
        `SELECT p.id, m.person AS has_mailbox, m.settings FROM person p LEFT JOIN mailbox m ON m.person=p.id
         WHERE p.tenant=? AND p.object_id=?`,
        tenant,
        id,
      );
      if (row === undefined) continue;
      const key = row["id"] as number;
      const known = row["settings"] as string | null;
      // A mailbox that is closed to us now is what it was.
      const text =
        mailbox === "missing" ? null : saysNothing(mailbox) && known !== null ? known : JSON.stringify(mailbox);
      if (row["has_mailbox"] === null || row["settings"] !== text) {
        database.run("INSERT OR IGNORE INTO dirty (person, tenant) VALUES (?, ?)", key, tenant);
      }
      database.run(
        "INSERT INTO mailbox VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE SET settings=excluded.settings, read_at=excluded.read_at",
        key,
        text,
        now,
      );
    }
  });
}

function saysNothing(settings: MailboxSettings): boolean {
  return Object.values(settings).every((value) => value === null);
}
