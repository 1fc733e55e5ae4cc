/** The schema, as the steps that led to it: a database is brought forward, never back. */
import { AgentError } from "../errors.ts";
import type { Database } from "./database.ts";

/**
 * Step n takes schema version n to n + 1. A step that has been released is never edited.
 * Integer keys throughout: object ids are random text, and keying tables by them costs twice the time.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    directory TEXT NOT NULL,
    cursor TEXT,
    progress TEXT,
    properties TEXT,
    fingerprint TEXT,
    evaluated_at INTEGER,
    all_dirty INTEGER NOT NULL DEFAULT 0,
    target TEXT,
    target_read_at INTEGER
  ) STRICT;

  -- Mirror of the directory in scope.
  CREATE TABLE grp (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    object_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    visibility TEXT,
    role TEXT NOT NULL,
    UNIQUE (tenant, object_id)
  ) STRICT;
  CREATE TABLE nesting (parent INTEGER NOT NULL, child INTEGER NOT NULL, PRIMARY KEY (parent, child)) STRICT, WITHOUT ROWID;
  CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    object_id TEXT NOT NULL,
    properties TEXT,
    deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, object_id)
  ) STRICT;
  CREATE TABLE member (person INTEGER NOT NULL, grp INTEGER NOT NULL, PRIMARY KEY (person, grp)) STRICT, WITHOUT ROWID;
  CREATE TABLE mailbox (person INTEGER PRIMARY KEY, settings TEXT, read_at INTEGER NOT NULL) STRICT;
  CREATE INDEX mailbox_age ON mailbox (read_at);
  CREATE TABLE dirty (person INTEGER PRIMARY KEY, tenant INTEGER NOT NULL) STRICT;
  -- Pages of a full read under way; their people are the rows of stage from first_row to last_row.
  CREATE TABLE stage_page (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    grp TEXT NOT NULL,
    groups TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE stage (id INTEGER PRIMARY KEY, object_id TEXT NOT NULL, properties TEXT NOT NULL) STRICT;

  -- What the agent decided about each person.
  CREATE TABLE decision (
    person INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    address TEXT,
    address_key TEXT,
    display_name TEXT,
    groups TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    wanted TEXT,
    rule TEXT,
    queue_tier TEXT,
    queue_since INTEGER,
    clear_since INTEGER,
    purge_at INTEGER,
    due INTEGER,
    failure TEXT
  ) STRICT;
  CREATE INDEX decision_address ON decision (address_key, tenant) WHERE address_key IS NOT NULL;
  CREATE INDEX decision_due ON decision (tenant, due) WHERE due IS NOT NULL;
  CREATE INDEX decision_queue ON decision (tenant, queue_tier, queue_since) WHERE queue_tier IS NOT NULL;

  -- Accounts at the target: the ledger itself, or the copy of a remote one.
  CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    person INTEGER,
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    profile TEXT,
    tier TEXT,
    revoked_at INTEGER,
    purged_at INTEGER,
    adopted INTEGER NOT NULL DEFAULT 0,
    remote_id TEXT,
    remote_version TEXT,
    -- The object id that the account bears at the remote system, whoever that is.
    external_id TEXT,
    inactive INTEGER NOT NULL DEFAULT 0,
    irregular INTEGER NOT NULL DEFAULT 0,
    -- The tier before somebody changed it at the remote system; empty: none; null: nobody did, or it is not to be left.
    overridden TEXT
  ) STRICT;
  CREATE UNIQUE INDEX account_person ON account (person) WHERE person IS NOT NULL;
  CREATE INDEX account_unbound ON account (tenant) WHERE person IS NULL;
  CREATE UNIQUE INDEX account_remote ON account (tenant, remote_id) WHERE remote_id IS NOT NULL;
  CREATE INDEX account_address ON account (address_key, tenant);
  CREATE INDEX account_tier ON account (tenant, tier);
  CREATE INDEX account_foreign ON account (tenant, external_id) WHERE person IS NULL AND external_id IS NOT NULL;
  -- Names under which an account of a remote system can be found that is nobody's yet. rank 0: user name, 1: e-mail address.
  CREATE TABLE alias (account INTEGER NOT NULL, tenant INTEGER NOT NULL, address_key TEXT NOT NULL, rank INTEGER NOT NULL,
    PRIMARY KEY (account, address_key)) STRICT, WITHOUT ROWID;
  CREATE INDEX alias_address ON alias (address_key, tenant);

  -- What was done: the event log of each account and the agent's journal are one.
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    tier TEXT,
    cycle INTEGER
  ) STRICT;
  CREATE INDEX event_person ON event (person);
  CREATE TABLE cycle (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT,
    requests TEXT NOT NULL,
    actions TEXT NOT NULL,
    guarded TEXT NOT NULL,
    held TEXT NOT NULL,
    failures TEXT NOT NULL,
    error TEXT,
    -- Object id of whom it was about; null: of everybody.
    only_user TEXT
  ) STRICT;
  CREATE INDEX cycle_tenant ON cycle (tenant, seq);
  CREATE TABLE intent (tenant INTEGER NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (tenant, user, kind)) STRICT, WITHOUT ROWID;

  CREATE TABLE hold (
    id TEXT PRIMARY KEY,
    tenant INTEGER NOT NULL,
    guard TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE held_action (hold TEXT NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL, PRIMARY KEY (hold, user, kind)) STRICT, WITHOUT ROWID;
  CREATE TABLE contest (person INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, expected TEXT, times INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE TABLE ruling (
    tenant INTEGER NOT NULL,
    user TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_tier TEXT,
    to_tier TEXT,
    approved INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant, user, kind)
  ) STRICT, WITHOUT ROWID;

  -- What people are told. email, webhook: the message that tells it there; null: none yet, empty: nobody listens there.
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    email TEXT,
    webhook TEXT,
    UNIQUE (tenant, key)
  ) STRICT;
  CREATE INDEX outbox_email ON outbox (email, tenant);
  CREATE INDEX outbox_webhook ON outbox (webhook, tenant);
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    recipients TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    sent_at INTEGER,
    failed_at INTEGER,
    error TEXT
  ) STRICT;
  CREATE INDEX message_open ON message (tenant, channel, seq) WHERE sent_at IS NULL AND failed_at IS NULL;
  CREATE TABLE ongoing (tenant INTEGER NOT NULL, topic TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (tenant, topic)) STRICT, WITHOUT ROWID;
  `,
  `
  -- The name is the mirror's, and whoever asks for all of a tier asks for most people: neither is worth writing once more.
  ALTER TABLE decision DROP COLUMN display_name;
  DROP INDEX account_tier;
  -- Keys of the people of a page where they are in the mirror already; null: they are rows of stage.
  ALTER TABLE stage_page ADD COLUMN people TEXT;
  DELETE FROM stage;
  DELETE FROM stage_page;
  UPDATE tenant SET progress=NULL;
  `,
  `
  -- When the cycle acted, by Graph's clock; null: it did nothing.
  ALTER TABLE cycle ADD COLUMN acted_at INTEGER;
  -- There was no time to read the mailboxes of some who are to be created.
  ALTER TABLE cycle ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
  -- The cycle that sent it; null: an administrator did it by hand.
  ALTER TABLE intent ADD COLUMN cycle INTEGER;
  `,
];

/** Brings the schema forward, to the latest version unless told. Throws `ERR_STORE_NEWER` for a database of a newer version. */
export function migrate(
  database: Pick<Database, "get" | "exec" | "transaction">,
  file: string,
  to: number = STEPS.length,
): void {
  const version = schemaVersion(database, file);
  for (let step = version; step < to; step += 1) {
    database.transaction(() => {
      database.exec(STEPS[step] as string);
      database.exec(`PRAGMA user_version=${step + 1}`);
    });
  }
}

/**
 * For a database that is only looked at and so stays as it is: whether it has content. Throws `ERR_STORE` when it has to be brought
 * forward first, and `ERR_STORE_NEWER`.
 */
export function isReadable(database: Database, file: string): boolean {
  const version = schemaVersion(database, file);
  if (version > 0 && version < STEPS.length) {
    throw new AgentError("ERR_STORE", `the database ${file} was written by an older tiersync`, {
      hint: "start the agent or run `tiersync sync` once: that brings it up to date",
    });
  }
  return version > 0;
}

function schemaVersion(database: Pick<Database, "get">, file: string): number {
  const version = Number(database.get("PRAGMA user_version")?.["user_version"] ?? 0);
  if (version <= STEPS.length) return version;
  throw new AgentError(
    "ERR_STORE_NEWER",
    `the database ${file} has schema version ${version}; this tiersync knows versions up to ${STEPS.length}`,
  );
}
