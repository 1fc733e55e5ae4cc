/** The SQLite file: opening, settings, transactions. The only place that knows node:sqlite's quirks. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { migrate } from "./migrations.ts";
import { fileErrors, isUnopenable, storeError, storeErrors } from "./store-errors.ts";
import { hasLog, logSize, setAsideOldLog } from "./write-ahead-log.ts";

export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Database {
  readonly readOnly: boolean;
  /** A statement prepared once per text. */
  readonly run: (sql: string, ...values: SqlValue[]) => { readonly changes: number; readonly lastInsertRowid: number };
  readonly get: (sql: string, ...values: SqlValue[]) => Row | undefined;
  readonly all: (sql: string, ...values: SqlValue[]) => Row[];
  readonly exec: (sql: string) => void;
  /** One write transaction (`BEGIN IMMEDIATE`); a call inside another joins it. Rolls back and rethrows on any error. */
  readonly transaction: <T>(work: () => T) => T;
  /** The same over work that takes turns, for a command that does nothing else meanwhile: not inside another, and never round a request. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** One that is on the disk when it returns: other transactions may be lost, whole, with the power. Not inside another. */
  readonly durableTransaction: <T>(work: () => T) => T;
  /** Called after a transaction was rolled back: what was kept in memory along with it may be wrong. */
  readonly onRollback: (listener: () => void) => void;
  /** Writes the log back into the file where it has grown large; another time while somebody else reads. Not inside a transaction. */
  readonly shortenLog: () => void;
  /** A consistent copy of the whole database as a new file. */
  readonly copyTo: (file: string) => void;
  readonly close: () => void;
}

export interface OpenOptions {
  /** Milliseconds to wait for another process's lock. Default 5000. */
  readonly busyTimeout?: number;
  readonly readOnly?: boolean;
  /** What errors call it; the file itself by default. */
  readonly calledAs?: string;
}

/** Bytes. By itself SQLite never makes a log file smaller, and a checkpoint in the middle of a first cycle would write most pages twice. */
const LARGE_LOG = 16_000_000;

/**
 * SQLite wants to put an index of the log beside a database that it only reads. Where it may not, and there is no log, nobody is at work on
 * the file: it is read as it is ("Uniform Resource Identifiers", `immutable`).
 */
function connect(
  file: string,
  { busyTimeout, readOnly }: Required<Pick<OpenOptions, "busyTimeout" | "readOnly">>,
): DatabaseSync {
  const native = new DatabaseSync(file, { timeout: busyTimeout, readOnly });
  if (!readOnly) return native;
  try {
    native.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
    return native;
  } catch (error) {
    native.close();
    if (!isUnopenable(error) || hasLog(file)) throw error;
    const url = pathToFileURL(file);
    url.search = "?immutable=1";
    return new DatabaseSync(url, { readOnly });
  }
}

/** Opens (and creates, and migrates) a database; `:memory:` for one that leaves nothing behind. */
export function openDatabase(file: string, options: OpenOptions = {}): Database {
  const { busyTimeout = 5000, readOnly = false, calledAs: called = file } = options;
  if (file !== ":memory:") {
    const folder = dirname(file);
    if (!readOnly) fileErrors(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    fileErrors(file, () => setAsideOldLog(file));
  }
  // Whoever ends in an orderly way leaves none.
  const leftLog = !readOnly && hasLog(file);
  const native = storeErrors(called, () => connect(file, { busyTimeout, readOnly }));
  const setUp = (): void => {
    native.exec("PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON");
    // Deleted event logs must not be readable in the file afterwards.
    if (!readOnly) {
      // Large pages (of a new file) make a first cycle quicker.
      native.exec(
        "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=16384",
      );
    }
    // 6 MB of page cache: less makes writing slow, more does not make it quicker. Said before the size of the pages, it would hold as many
    // of the large ones as of the small ones: four times that.
    native.exec("PRAGMA cache_size=-6144");
    // What was deleted before the end came is still in the log.
    if (leftLog) native.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  };
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = native.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  /** Never hides what went wrong: a rollback that fails as well is made up for when the file is opened next. */
  const rollBack = (): void => {
    try {
      if (native.isTransaction) prepare("ROLLBACK").run();
    } catch {
      // The failure that led here is the one to tell.
    }
  };
  const rollbackListeners: (() => void)[] = [];
  let depth = 0;
  const begin = (): void => {
    storeErrors(called, () => prepare("BEGIN IMMEDIATE").run());
    depth += 1;
  };
  const commit = (): void => {
    storeErrors(called, () => prepare("COMMIT").run());
    depth -= 1;
  };
  const undo = (): void => {
    rollBack();
    depth -= 1;
    for (const listener of rollbackListeners) listener();
  };
  const database: Database = {
    readOnly,
    // Without a function for each call: a first cycle makes hundreds of thousands.
    run: (sql, ...values) => {
      try {
        const { changes, lastInsertRowid } = prepare(sql).run(...values);
        return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
      } catch (error) {
        throw storeError(called, error);
      }
    },
    get: (sql, ...values) => storeErrors(called, () => prepare(sql).get(...values) as Row | undefined),
    all: (sql, ...values) => storeErrors(called, () => prepare(sql).all(...values) as Row[]),
    exec: (sql) => storeErrors(called, () => native.exec(sql)),
    transaction: (work) => {
      if (depth > 0) return work();
      begin();
      try {
        const result = work();
        commit();
        return result;
      } catch (error) {
        undo();
        throw error;
      }
    },
    exclusively: async (work) => {
      begin();
      try {
        const result = await work();
        commit();
        return result;
      } catch (error) {
        undo();
        throw error;
      }
    },
    durableTransaction: (work) => {
      database.exec("PRAGMA synchronous=FULL");
      try {
        return database.transaction(work);
      } finally {
        database.exec("PRAGMA synchronous=NORMAL");
      }
    },
    onRollback: (listener) => void rollbackListeners.push(listener),
    shortenLog: () => {
      if (logSize(file) <= LARGE_LOG) return;
      database.exec("PRAGMA busy_timeout=0");
      try {
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } finally {
        database.exec(`PRAGMA busy_timeout=${busyTimeout}`);
      }
    },
    copyTo: (target) => storeErrors(called, () => void native.prepare("VACUUM INTO ?").run(target)),
    close: () => {
      statements.clear();
      native.close();
    },
  };
  try {
    storeErrors(called, setUp);
    if (!readOnly) migrate(database, called);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
