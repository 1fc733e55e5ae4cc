/** What both faces of `/`, text and page, show; gathered once per request. */
import type { CycleRecord } from "../model/cycle.ts";
import type { HoldView, PersonView, StatusView } from "../model/views.ts";
import type { Console } from "./console.ts";
import { MAX_LIMIT } from "./input.ts";

const CYCLES_SHOWN = 10;
const WAITING_SHOWN = 10;

export interface WaitingList {
  readonly tenant: string;
  /** The first of each tier's queue. */
  readonly first: readonly PersonView[];
  /** How many more wait. */
  readonly more: number;
}

export interface Overview {
  readonly status: StatusView;
  /** Tenants where nobody waits are absent. */
  readonly waiting: readonly WaitingList[];
  readonly holds: readonly HoldView[];
  /** Newest first. */
  readonly cycles: readonly CycleRecord[];
}

/** Of every tenant, or of one. */
export function readOverview(agent: Console, tenant?: string): Overview {
  const status = agent.status(tenant);
  return {
    status,
    waiting: status.tenants
      .filter(({ users }) => users.waiting > 0)
      .map(({ name, users }) => waitingList(agent, name, users.waiting)),
    holds: agent.holds(tenant),
    cycles: agent.cycles({ limit: CYCLES_SHOWN, ...(tenant === undefined ? {} : { tenant }) }).items,
  };
}

function waitingList(agent: Console, tenant: string, count: number): WaitingList {
  const { items } = agent.users({ tenant, state: "waiting", limit: MAX_LIMIT });
  const inOrder = items.toSorted(
    (a, b) => (a.position ?? Infinity) - (b.position ?? Infinity) || compare(a.since, b.since),
  );
  const first = inOrder.slice(0, WAITING_SHOWN);
  return { tenant, first, more: Math.max(0, count - first.length) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
