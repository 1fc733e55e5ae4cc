/** The journal: cycles, and what each of them did. A person's journal entries are the account's event log. */
import { randomUUID } from "node:crypto";
import type { Journal, OpenCycle, SettledAction } from "../cycle/store-ports.ts";
import {
  ACTION_KINDS,
  type Action,
  type ActionKind,
  emptyCounts,
  GUARDED_KINDS,
  type GuardedKind,
} from "../model/action.ts";
import type { CycleError, CycleRecord, PersonFailureRecord } from "../model/cycle.ts";
import { DAY } from "../model/days.ts";
import type { Database, Row } from "./database.ts";
import { createDecisionWriter } from "./decisions.ts";
import { writeEvents } from "./events.ts";

const BRAKED: ReadonlySet<ActionKind> = new Set(GUARDED_KINDS);

type GuardedCounts = Record<GuardedKind, number>;

export function createJournal(database: Database, tenant: number, name: string): Journal {
  return {
    begin: ({ trigger, kind, only, id = randomUUID() }) =>
      database.transaction(() => {
        // Only one process works on a home, one cycle a tenant: an open record is that of a process that was killed.
        const killed: CycleError = {
          code: "ERR_STOPPED",
          message: "the agent was stopped or killed in the middle of this cycle",
          hint: "none needed: the next cycle went on from there",
        };
        database.run(
          "UPDATE cycle SET outcome='failed', finished_at=started_at, error=? WHERE tenant=? AND outcome IS NULL",
          JSON.stringify(killed),
          tenant,
        );
        const seq = database.run(
          `INSERT INTO cycle (id, tenant, kind, cause, started_at, requests, actions, guarded, only_user, held, failures)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', '[]')`,
          id,
          tenant,
          kind,
          trigger,
          Date.now(),
          JSON.stringify({ token: 0, graph: 0, target: 0 }),
          JSON.stringify(emptyCounts()),
          JSON.stringify(noGuarded()),
          only ?? null,
        ).lastInsertRowid;
        return openCycle(database, tenant, name, seq, id);
      }),
    // What was sent cannot be taken back: the record of it must not be lost with the power.
    intend: (intended, cycle) =>
      database.durableTransaction(() => {
        const seq = cycle === null ? null : (database.get("SELECT seq FROM cycle WHERE id=?", cycle)?.["seq"] ?? null);
        for (const { user, kind } of intended) {
          database.run(
            "INSERT OR IGNORE INTO intent (tenant, user, kind, cycle) VALUES (?, ?, ?, ?)",
            tenant,
            user,
            kind,
            seq,
          );
        }
      }),
    recordManual: (action, at) =>
      database.transaction(() => {
        writeEvents(database, null, [{ action, at }]);
        database.run("DELETE FROM intent WHERE tenant=? AND user=? AND kind=?", tenant, action.user, action.kind);
      }),
    recordLost: (action, at) => database.transaction(() => recordLost(database, tenant, action, at)),
    initial: () => isInitial(database, tenant),
    recent: (now) => {
      const sum = noGuarded();
      for (const row of database.all(
        "SELECT guarded FROM cycle WHERE tenant=? AND coalesce(acted_at, started_at)>? ORDER BY seq DESC",
        tenant,
        now - DAY,
      )) {
        const guarded = JSON.parse(row["guarded"] as string) as GuardedCounts;
        for (const kind of GUARDED_KINDS) sum[kind] += guarded[kind];
      }
      return sum;
    },
    unsettled: () =>
      database.all("SELECT DISTINCT user FROM intent WHERE tenant=?", tenant).map((row) => row["user"] as string),
    forgetIntents: (users) =>
      void database.run(
        "DELETE FROM intent WHERE tenant=? AND user IN (SELECT value FROM json_each(?))",
        tenant,
        JSON.stringify(users),
      ),
    last: () => {
      const row = database.get(
        "SELECT * FROM cycle WHERE tenant=? AND outcome IS NOT NULL ORDER BY seq DESC LIMIT 1",
        tenant,
      );
      return row === undefined ? null : readCycle(row, name);
    },
    failing: () => {
      const row = database.get(
        `SELECT id, started_at, count(*) OVER () AS failures FROM cycle WHERE tenant=? AND outcome='failed'
         AND error->>'code'<>'ERR_STOPPED' AND seq>coalesce(
           (SELECT max(seq) FROM cycle WHERE tenant=? AND outcome IN ('succeeded', 'held')), 0) ORDER BY seq LIMIT 1`,
        tenant,
        tenant,
      );
      return row === undefined
        ? null
        : {
            first: row["id"] as string,
            since: new Date(row["started_at"] as number).toISOString(),
            failures: row["failures"] as number,
          };
    },
  };
}

/**
 * No cycle has ended well yet, or the first ones that did had no time to read some people's mailboxes: a large tenant is taken in by
 * slices, and the brake on creations is not for those. A mailbox that was asked for and cannot be read does not keep the brake off.
 */
function isInitial(database: Database, tenant: number): boolean {
  const last = database.get(
    "SELECT kind, left_out FROM cycle WHERE tenant=? AND outcome IN ('succeeded', 'held') AND only_user IS NULL ORDER BY seq DESC LIMIT 1",
    tenant,
  );
  if (last === undefined) return true;
  if (last["kind"] !== "initial" || last["left_out"] === 0) return false;
  const leftOut = database.get(
    `SELECT 1 FROM decision d WHERE d.tenant=? AND d.due<=0 AND d.state='pending' AND NOT EXISTS (SELECT 1 FROM account WHERE person=d.person)
     AND NOT EXISTS (SELECT 1 FROM mailbox WHERE person=d.person) LIMIT 1`,
    tenant,
  );
  return leftOut !== undefined;
}

/** In the initial cycle creations are free. */
function countsForBrake(kind: ActionKind, cycle: string): kind is GuardedKind {
  return BRAKED.has(kind) && !(cycle === "initial" && kind === "create");
}

/** What a cycle did without learning of it is that cycle's: its event, its counts, and what it used up of the brake. */
function recordLost(database: Database, tenant: number, action: Action, at: number): void {
  const { user, kind, from, to } = action;
  const cycle = database.get(
    "SELECT seq, kind, actions, guarded FROM cycle WHERE seq=(SELECT cycle FROM intent WHERE tenant=? AND user=? AND kind=?)",
    tenant,
    user,
    kind,
  );
  const seq = (cycle?.["seq"] ?? null) as number | null;
  writeEvents(database, seq, [{ action, at }]);
  database.run("DELETE FROM intent WHERE tenant=? AND user=? AND kind=?", tenant, user, kind);
  if (cycle === undefined) return;
  const approved = database.run(
    "DELETE FROM ruling WHERE tenant=? AND user=? AND kind=? AND from_tier IS ? AND to_tier IS ? AND approved=1",
    tenant,
    user,
    kind,
    from,
    to,
  ).changes;
  const actions = JSON.parse(cycle["actions"] as string) as Record<ActionKind, number>;
  actions[kind] += 1;
  const guarded = JSON.parse(cycle["guarded"] as string) as GuardedCounts;
  if (approved === 0 && countsForBrake(kind, cycle["kind"] as string)) guarded[kind] += 1;
  database.run(
    "UPDATE cycle SET actions=?, guarded=?, acted_at=? WHERE seq=?",
    JSON.stringify(actions),
    JSON.stringify(guarded),
    at,
    seq,
  );
}

/** What is done, kind by kind: more of the same person may be under way. After a refusal nothing more of that person is sent. */
function forgetSettled(database: Database, tenant: number, settled: readonly SettledAction[]): void {
  for (const { action, failure, unsure } of settled) {
    const { user, kind } = action;
    if (failure === null) {
      database.run("DELETE FROM intent WHERE tenant=? AND user=? AND kind=?", tenant, user, kind);
    } else if (unsure !== true) {
      database.run("DELETE FROM intent WHERE tenant=? AND user=?", tenant, user);
    }
  }
}

function noGuarded(): GuardedCounts {
  return { revoke: 0, purge: 0, change: 0, create: 0 };
}

function openCycle(database: Database, tenant: number, name: string, seq: number, id: string): OpenCycle {
  let kind = "incremental";
  const actions = emptyCounts();
  const guarded = noGuarded();
  const failures: PersonFailureRecord[] = [];
  const writeDecisions = createDecisionWriter(database, tenant);

  let actedAt: number | null = null;
  const count = ({ action, failure, approved, at }: SettledAction): void => {
    if (failure !== null) {
      failures.push({ user: action.user, code: failure.code, message: failure.message });
      return;
    }
    actions[action.kind] += 1;
    actedAt = at;
    if (!approved && countsForBrake(action.kind, kind)) guarded[action.kind] += 1;
    if (approved) {
      database.run("DELETE FROM ruling WHERE tenant=? AND user=? AND kind=?", tenant, action.user, action.kind);
    }
  };

  return {
    id,
    setKind: (value, leftOut) => {
      kind = value;
      database.run("UPDATE cycle SET kind=?, left_out=? WHERE seq=?", value, leftOut ? 1 : 0, seq);
    },
    record: (done) =>
      database.transaction(() => {
        for (const settled of done) count(settled);
        writeEvents(
          database,
          seq,
          done.filter(({ failure }) => failure === null),
        );
        writeDecisions(done.map(({ decided }) => decided).filter((decided) => decided !== null));
        if (database.get("SELECT 1 FROM intent WHERE tenant=? LIMIT 1", tenant) !== undefined) {
          forgetSettled(database, tenant, done);
        }
        database.run(
          "UPDATE cycle SET actions=?, guarded=?, failures=?, acted_at=? WHERE seq=?",
          JSON.stringify(actions),
          JSON.stringify(guarded),
          JSON.stringify(failures),
          actedAt,
          seq,
        );
      }),
    finish: ({ outcome, held, requests, error }) => {
      database.run(
        "UPDATE cycle SET finished_at=?, outcome=?, held=?, requests=?, error=? WHERE seq=?",
        Date.now(),
        outcome,
        JSON.stringify(held),
        JSON.stringify(requests),
        error === null ? null : JSON.stringify(error),
        seq,
      );
      return readCycle(database.get("SELECT * FROM cycle WHERE seq=?", seq) as Row, name);
    },
  };
}

/** A row of `cycle` as history shows it. */
export function readCycle(row: Row, tenant: string): CycleRecord {
  const started = row["started_at"] as number;
  const finished = row["finished_at"] as number | null;
  const counts = JSON.parse(row["actions"] as string) as Partial<Record<ActionKind, number>>;
  const actions = emptyCounts();
  for (const kind of ACTION_KINDS) actions[kind] = counts[kind] ?? 0;
  return {
    id: row["id"] as string,
    tenant,
    kind: row["kind"] as CycleRecord["kind"],
    trigger: row["cause"] as CycleRecord["trigger"],
    startedAt: new Date(started).toISOString(),
    finishedAt: finished === null ? null : new Date(finished).toISOString(),
    durationMs: finished === null ? null : finished - started,
    outcome: row["outcome"] as CycleRecord["outcome"],
    requests: JSON.parse(row["requests"] as string) as CycleRecord["requests"],
    actions,
    held: JSON.parse(row["held"] as string) as CycleRecord["held"],
    failures: JSON.parse(row["failures"] as string) as CycleRecord["failures"],
    error: row["error"] === null ? null : (JSON.parse(row["error"] as string) as CycleError),
  };
}
