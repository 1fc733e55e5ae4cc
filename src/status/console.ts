/** What the status API can ask of the running agent; `src/console.ts` fills it. */
import type { CycleRecord, CycleStepName } from "../model/cycle.ts";
import type { PersonState } from "../model/person.ts";
import type { EventView, HoldView, Page, PersonExplanation, PersonView, StatusView } from "../model/views.ts";

export interface UserQuery {
  readonly tenant?: string;
  /** Tier held. */
  readonly tier?: string;
  readonly state?: PersonState;
  /** Part of an address or display name, or a whole object id; case-insensitive. */
  readonly q?: string;
  /** 1 to 1000. */
  readonly limit: number;
  readonly after?: string;
}

export interface StartedCycle {
  readonly id: string;
  readonly tenant: string;
}

/** Throws `AgentError`: `ERR_NOT_FOUND`, `ERR_AMBIGUOUS`, `ERR_BAD_REQUEST` (a cursor it did not make). */
export interface Console {
  /** Of every tenant, or of one. */
  status(tenant?: string): StatusView;
  /** Ready: configuration and rules good, and every tenant's last cycle ended well or held within 3 periods. */
  readiness(): {
    readonly ready: boolean;
    readonly tenants: readonly { readonly name: string; readonly ready: boolean; readonly reason: string }[];
    readonly reason: string;
  };
  users(query: UserQuery): Page<PersonView>;
  /** By object id, address or UPN. */
  user(idOrAddress: string): PersonExplanation;
  events(idOrAddress: string, page: { readonly limit: number; readonly after?: string }): Page<EventView>;
  cycles(page: { readonly limit: number; readonly after?: string; readonly tenant?: string }): Page<CycleRecord>;
  cycle(id: string): CycleRecord;
  holds(tenant?: string): readonly HoldView[];
  /** Approves these people's pairs of the hold (all when `only` is absent) and starts a cycle. */
  approve(id: string, only?: readonly string[]): HoldView;
  reject(id: string): HoldView;
  /**
   * Starts a cycle of every tenant, or of one, or queues the next one while one runs; at least one entry.
   * `ERR_NOT_FOUND`: no such tenant.
   */
  sync(request: { readonly tenant?: string; readonly full: boolean }): Promise<readonly StartedCycle[]>;
}

/** What happens in cycles, as it happens. `/events` sends each with its `type` as the event's name. */
export type CycleEvent =
  | { readonly type: "started"; readonly cycle: CycleRecord }
  | {
      readonly type: "step";
      /** Id of the cycle. */
      readonly cycle: string;
      readonly tenant: string;
      readonly step: CycleStepName;
      /** How far the step is; null where that cannot be said. */
      readonly done: number | null;
      readonly total: number | null;
    }
  | { readonly type: "finished"; readonly cycle: CycleRecord };

/** Calls the listener, which must not throw, for each event from now on; the function returned ends that. */
export type SubscribeToCycles = (listener: (event: CycleEvent) => void) => () => void;
