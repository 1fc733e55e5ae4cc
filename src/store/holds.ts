/** Holds, and what a person ruled about them. */
import { randomBytes } from "node:crypto";
import type { HoldStore } from "../cycle/store-ports.ts";
import { AgentError } from "../errors.ts";
import type { Action, ActionKind, GuardedKind } from "../model/action.ts";
import { goesOn, type Hold, hasExpired, HOLD_LIFETIME as LIFETIME, WHERE_HOLDS_ARE } from "../model/cycle.ts";
import type { ActionPair, HoldProposal } from "../plan/types.ts";
import type { Database, Row } from "./database.ts";

export function createHoldStore(database: Database, tenant: number, name: string): HoldStore {
  const open = (): Hold[] =>
    database
      .all("SELECT * FROM hold WHERE tenant=? ORDER BY since, id", tenant)
      .map((row) => readHold(database, row, name));
  const rulings = (approved: boolean, since: number): ActionPair[] =>
    database
      .all("SELECT * FROM ruling WHERE tenant=? AND approved=? AND at>=?", tenant, approved ? 1 : 0, since)
      .map((row) => ({
        user: row["user"] as string,
        kind: row["kind"] as ActionKind,
        from: row["from_tier"] as string | null,
        to: row["to_tier"] as string | null,
      }));
  const remove = (id: string): void => {
    database.run("DELETE FROM held_action WHERE hold=?", id);
    database.run("DELETE FROM hold WHERE id=?", id);
  };
  const keep = (id: string, actions: readonly Action[]): void => {
    database.run("DELETE FROM held_action WHERE hold=?", id);
    for (const action of actions) {
      database.run("INSERT INTO held_action VALUES (?, ?, ?, ?)", id, action.user, action.kind, JSON.stringify(action));
    }
  };
  const form = (proposal: HoldProposal, now: number): string => {
    const id = randomBytes(5).toString("hex");
    database.run(
      "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?)",
      id,
      tenant,
      proposal.guard,
      proposal.reason,
      now,
      now + LIFETIME,
    );
    keep(id, proposal.actions);
    return id;
  };
  const rule = (hold: Hold, actions: readonly Action[], approved: boolean, now: number): void => {
    for (const { user, kind, from, to } of actions) {
      database.run(
        "INSERT OR REPLACE INTO ruling VALUES (?, ?, ?, ?, ?, ?, ?)",
        tenant,
        user,
        kind,
        from,
        to,
        approved ? 1 : 0,
        now,
      );
      database.run("DELETE FROM held_action WHERE hold=? AND user=? AND kind=?", hold.id, user, kind);
    }
    if (database.get("SELECT 1 FROM held_action WHERE hold=? LIMIT 1", hold.id) === undefined) remove(hold.id);
  };
  const find = (id: string, now: number): Hold => {
    const row = database.get("SELECT * FROM hold WHERE tenant=? AND id=?", tenant, id);
    if (row === undefined) {
      throw new AgentError("ERR_NOT_FOUND", `there is no open hold "${id}"`, {
        hint: WHERE_HOLDS_ARE,
      });
    }
    const hold = readHold(database, row, name);
    // Nobody has looked since whether it still is as it was.
    if (hasExpired(hold, now)) {
      throw new AgentError("ERR_NOT_FOUND", `the hold "${id}" expired at ${hold.expiresAt}`, {
        hint: "run `tiersync sync`: what is still too much at once is held anew, under another id",
      });
    }
    return hold;
  };

  return {
    open,
    approved: (now) => rulings(true, now - LIFETIME),
    rejected: () => rulings(false, Number.MIN_SAFE_INTEGER),
    reconcile: (proposals, now) =>
      database.transaction(() => {
        database.run("DELETE FROM ruling WHERE tenant=? AND approved=1 AND at<?", tenant, now - LIFETIME);
        const formed = new Set<string>();
        const standing = new Set<string>();
        const before = open();
        for (const proposal of proposals) {
          const known = before.find((hold) => !standing.has(hold.id) && goesOn(hold, proposal, now));
          if (known === undefined) {
            const id = form(proposal, now);
            formed.add(id);
            standing.add(id);
          } else {
            keep(known.id, proposal.actions);
            standing.add(known.id);
          }
        }
        for (const hold of before) if (!standing.has(hold.id)) remove(hold.id);
        const after = open();
        return { open: after, formed: after.filter((hold) => formed.has(hold.id)) };
      }),
    approve: (id, only, now) =>
      database.transaction(() => {
        const hold = find(id, now);
        const chosen = only === null ? hold.actions : hold.actions.filter((action) => only.includes(action.user));
        const missing = (only ?? []).filter((user) => !hold.actions.some((action) => action.user === user));
        if (missing.length > 0) {
          throw new AgentError("ERR_NOT_FOUND", `hold "${id}" holds nothing for ${missing.join(", ")}`, {
            hint: "nothing was approved; `tiersync holds` lists who is in it",
          });
        }
        // A clock that was set back since must not make it older than the hold, and end it too soon.
        rule(hold, chosen, true, Math.max(now, Date.parse(hold.since)));
        return hold;
      }),
    reject: (id, now) =>
      database.transaction(() => {
        const hold = find(id, now);
        rule(hold, hold.actions, false, now);
        return hold;
      }),
  };
}

/** A row of `hold` with its actions. */
export function readHold(database: Database, row: Row, tenant: string): Hold {
  const id = row["id"] as string;
  return {
    id,
    tenant,
    guard: row["guard"] as GuardedKind,
    reason: row["reason"] as string,
    since: new Date(row["since"] as number).toISOString(),
    expiresAt: new Date(row["expires_at"] as number).toISOString(),
    actions: database
      .all("SELECT action FROM held_action WHERE hold=? ORDER BY user, kind", id)
      .map((action) => JSON.parse(action["action"] as string) as Action),
  };
}
