/** The SQLite file: opening, settings, transactions. The only place that knows node:sqlite's quirks. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { AgentError } from "../errors.ts";
import { migrate } from "./migrations.ts";

export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Database {
  readonly readOnly: boolean;
  /** A statement prepared once per text. */
  readonly run: (sql: string, ...values: SqlValue[]) => { readonly changes: number; readonly lastInsertRowid: number };
  readonly get: (sql: string, ...values: SqlValue[]) => Row | undefined;
  readonly all: (sql: string, ...values: SqlValue[]) => Row[];
  readonly iterate: (sql: string, ...values: SqlValue[]) => Iterable<Row>;
  readonly exec: (sql: string) => void;
  /** One write transaction (`BEGIN IMMEDIATE`); a call inside another joins it. Rolls back and rethrows on any error. */
  readonly transaction: <T>(work: () => T) => T;
  /** A consistent copy of the whole database as a new file. */
  readonly copyTo: (file: string) => void;
  readonly close: () => void;
}

export interface OpenOptions {
  /** Milliseconds to wait for another process's lock. Default 5000. */
  readonly busyTimeout?: number;
  readonly readOnly?: boolean;
}

/** Opens (and creates, and migrates) a database; `:memory:` for one that leaves nothing behind. */
export function openDatabase(file: string, options: OpenOptions = {}): Database {
  if (file !== ":memory:" && options.readOnly !== true) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const native = storeErrors(file, () => {
    const opened = new DatabaseSync(file, {
      timeout: options.busyTimeout ?? 5000,
      readOnly: options.readOnly ?? false,
    });
    // 64 MB of page cache: text keys arrive in random order, and a small cache makes every insert a disk read.
    opened.exec("PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON");
    // Deleted event logs must not be readable in the file afterwards.
    if (options.readOnly !== true) {
      opened.exec(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=16384",
      );
    }
    return opened;
  });
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = native.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  let depth = 0;
  const database: Database = {
    readOnly: options.readOnly ?? false,
    run: (sql, ...values) =>
      storeErrors(file, () => {
        const result = prepare(sql).run(...values);
        return { changes: Number(result.changes), lastInsertRowid: Number(result.lastInsertRowid) };
      }),
    get: (sql, ...values) => storeErrors(file, () => prepare(sql).get(...values) as Row | undefined),
    all: (sql, ...values) => storeErrors(file, () => prepare(sql).all(...values) as Row[]),
    // A fresh statement: an iteration that is still open would be reset by another use of the same one.
    iterate: (sql, ...values) => storeErrors(file, () => native.prepare(sql).iterate(...values) as Iterable<Row>),
    exec: (sql) => storeErrors(file, () => native.exec(sql)),
    transaction: (work) => {
      if (depth > 0) return work();
      storeErrors(file, () => prepare("BEGIN IMMEDIATE").run());
      depth += 1;
      try {
        const result = work();
        storeErrors(file, () => prepare("COMMIT").run());
        return result;
      } catch (error) {
        if (native.isTransaction) prepare("ROLLBACK").run();
        throw error;
      } finally {
        depth -= 1;
      }
    },
    copyTo: (target) => storeErrors(file, () => void native.prepare("VACUUM INTO ?").run(target)),
    close: () => {
      statements.clear();
      native.close();
    },
  };
  if (options.readOnly !== true) migrate(database, file);
  return database;
}

/** SQLite's failures in the agent's words: what is wrong with which file, and what to do. */
function storeErrors<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AgentError || !(error instanceof Error)) throw error;
    const hint = hintFor(error);
    // Programming errors (bad SQL, wrong bindings) stay what they are.
    if (hint === null) throw error;
    throw new AgentError("ERR_STORE", `the database ${file} failed: ${error.message}`, { hint, cause: error });
  }
}

function hintFor(error: Error): string | null {
  const code = (error as { errcode?: number }).errcode;
  const primary = code === undefined ? null : code & 0xff;
  const says = (text: string): boolean => error.message.includes(text);
  if (primary === 5 || primary === 6 || says("database is locked")) {
    return "another program holds the database: close it, then try again";
  }
  if (primary === 13 || says("database or disk is full")) return "free space on the disk; nothing was half-done";
  if (primary === 11 || primary === 26 || says("malformed") || says("not a database")) {
    return "the file is damaged: stop the agent, move it away and put a backup (`tiersync backup`) in its place";
  }
  if (primary === 10 || says("disk I/O error")) return "the disk failed: check it, then try again";
  if (primary === 8 || says("readonly database")) return "give the agent's account write access to the data folder";
  if (primary === 14 || says("unable to open")) return "give the agent's account access to the data folder";
  return null;
}
