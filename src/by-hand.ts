/** What a person does to a tenant beside its cycles. */
import { userInfo } from "node:os";
import { carryOutManual, type ManualKind, type ManualStep, planManual } from "./cycle/manual.ts";
import type { CycleParts } from "./cycle/settings.ts";
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
}

export interface ByHandOptions {
  readonly database: Database;
  readonly views: StoreViews;
  readonly parts: (tenant: string) => CycleParts;
}

export function createByHand({ database, views, parts }: ByHandOptions): ByHand {
  const plan: ByHand["planManual"] = (tenant, kind, id) =>
    planManual(parts(tenant), kind, id, views.find(id, tenant)[0]?.address ?? null);
  return {
    planManual: plan,
    carryOutManual: async (tenant, step, { alone, signal }) => {
      const at = parts(tenant);
      await carryOutManual(at, step, {
        again: () => plan(tenant, step.kind, step.person.id),
        newestCycle: () => {
          const [newest] = views.cycles({ tenant, limit: 1 }).items;
          // Nobody else is at work: it is the record of a process that was killed.
          return newest === undefined ? null : { id: newest.id, running: newest.outcome === null && !alone };
        },
        exclusively: database.exclusively,
        by: userInfo().username,
        now: at.clock.now(),
        signal,
      });
    },
  };
}
