/**
 * The directory's time between cycles. Holds, approvals and purges go by Graph's clock, and this computer's may be off by hours: how much, the
 * last answer told.
 */
import type { Database } from "./database.ts";
import { createMeta } from "./meta.ts";

export interface GraphClock {
  /** Graph's time now; this computer's before the tenant's first answer. Epoch ms. */
  now(tenant: string): number;
  /** What an answer that has just come said. */
  saw(tenant: string, time: number): void;
}

/** Answers tell whole seconds and take some: what differs less is not worth writing in each cycle. */
const PRECISION = 10_000;

export function createGraphClock(database: Database): GraphClock {
  const meta = createMeta(database);
  const nameOf = (tenant: string): string => `clock ${tenant}`;
  const offset = (tenant: string): number => Number(meta.read(nameOf(tenant)) ?? 0);
  return {
    now: (tenant) => Date.now() + offset(tenant),
    saw: (tenant, time) => {
      const found = time - Date.now();
      if (Math.abs(found - offset(tenant)) > PRECISION) meta.write(nameOf(tenant), String(found));
    },
  };
}
