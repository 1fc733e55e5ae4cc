/**
 * What a person does to a tenant beside its cycles. It is counted like a cycle: a backup that knows nothing of it must not undo it unnoticed.
 */
import { userInfo } from "node:os";
import { carryOutManual, type ManualKind, type ManualStep, planManual } from "./cycle/manual.ts";
import type { CycleParts } from "./cycle/settings.ts";
import type { TenantStore } from "./cycle/store-ports.ts";
import type { Hold } from "./model/cycle.ts";
import type { ObjectId } from "./model/directory.ts";
import { REJECTED } from "./plan/guard.ts";
import type { Database } from "./store/database.ts";
import type { StoreViews } from "./store/views.ts";

export interface ByHand {
  /** What an administrator does for whom no rule reaches; see `cycle/manual.ts`. */
  planManual(tenant: string, kind: ManualKind, id: string): ManualStep;
  /** `alone`: nobody else is at work on the home. */
  carryOutManual(
    tenant: string,
    step: ManualStep,
    options: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<void>;
  /** Lets through what a hold keeps back; `only`: object ids, null: of everybody in it. Throws `ERR_NOT_FOUND`. */
  approve(tenant: string, hold: string, only: readonly ObjectId[] | null): Hold;
  /** Drops what a hold keeps back. Throws `ERR_NOT_FOUND`. */
  reject(tenant: string, hold: string): Hold;
}

/** Of somebody whose hold is open no more, until the next cycle. */
const APPROVED = "approved by an administrator; the next cycle carries it out";

export interface ByHandOptions {
  readonly database: Database;
  readonly views: StoreViews;
  readonly parts: (tenant: string) => CycleParts;
  readonly store: (tenant: string) => TenantStore;
  /** See `DatabaseIdentity`. */
  readonly stamp: () => void;
  /** Graph's time, epoch ms; see `GraphClock`. */
  readonly now: (tenant: string) => number;
}

export function createByHand({ database, views, parts, store, stamp, now }: ByHandOptions): ByHand {
  const plan: ByHand["planManual"] = (tenant, kind, id) =>
    planManual(parts(tenant), kind, id, views.find(id, tenant)[0]?.address ?? null);
  return {
    planManual: plan,
    carryOutManual: async (tenant, step, { alone, signal }) => {
      stamp();
      await carryOutManual(parts(tenant), step, {
        again: () => plan(tenant, step.kind, step.person.id),
        newestCycle: () => {
          const [newest] = views.cycles({ tenant, limit: 1 }).items;
          // Nobody else is at work: it is the record of a process that was killed.
          return newest === undefined ? null : { id: newest.id, running: newest.outcome === null && !alone };
        },
        exclusively: database.exclusively,
        by: userInfo().username,
        now: now(tenant),
        signal,
      });
      // It may have taken its time.
      stamp();
    },
    approve: (tenant, id, only) => {
      stamp();
      const { holds, people, transaction } = store(tenant);
      return transaction(() => {
        const hold = holds.approve(id, only, now(tenant));
        for (const { person, user } of hold.actions) {
          if (only === null || only.includes(user)) people.remark(person, APPROVED);
        }
        return hold;
      });
    },
    reject: (tenant, id) => {
      stamp();
      const { holds, people, transaction } = store(tenant);
      return transaction(() => {
        const hold = holds.reject(id, now(tenant));
        for (const { person } of hold.actions) people.remark(person, REJECTED);
        return hold;
      });
    },
  };
}
