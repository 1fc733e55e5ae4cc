/**
 * A process that dies in the middle of its work on the database, inside the test's own process: from the chosen statement on, every
 * statement of every connection that was opened meanwhile fails, the rollback included. SQLite sees what it sees of a killed process: an open
 * transaction without an end.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

const WRITES = /^\s*(INSERT|UPDATE|DELETE|BEGIN|COMMIT|CREATE|DROP|WITH)/i;

export interface Dying {
  /** Writing statements begun so far. */
  readonly writes: number;
  readonly dead: boolean;
  /** Everything works as usual again. */
  revive(): void;
}

/** `when` is asked before each writing statement, `number` counts them from 0; the process dies where it says true. */
export function dieBefore(when: (sql: string, number: number) => boolean): Dying {
  const { prepare, exec } = DatabaseSync.prototype;
  let writes = 0;
  let dead = false;
  const meet = (sql: string): void => {
    if (!dead && WRITES.test(sql)) {
      dead = when(sql, writes);
      writes += 1;
    }
    if (dead) throw new Error("the process is dead");
  };
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string): StatementSync {
    const statement = prepare.call(this, sql);
    const met =
      <R>(work: (...values: SQLInputValue[]) => R) =>
      (...values: SQLInputValue[]): R => {
        meet(sql);
        return work.apply(statement, values);
      };
    return {
      run: met(statement.run),
      get: met(statement.get),
      all: met(statement.all),
      iterate: met(statement.iterate),
    } as unknown as StatementSync;
  };
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    meet(sql);
    exec.call(this, sql);
  };
  return {
    get writes() {
      return writes;
    },
    get dead() {
      return dead;
    },
    revive: () => {
      DatabaseSync.prototype.prepare = prepare;
      DatabaseSync.prototype.exec = exec;
    },
  };
}
