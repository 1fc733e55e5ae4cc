/** What users see of the agent: the JSON of the status API and of `--json`, field by field a promise. */
import type { Action, ActionKind } from "./action.ts";
import type { CycleError, CycleRecord, Hold } from "./cycle.ts";
import type { Finding } from "./finding.ts";
import type { PersonState } from "./person.ts";
import type { TierName, TierUsage } from "./tier.ts";
import type { RuleRef, RuleTrace } from "./verdict.ts";

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; pass as `after`. Null: this was the last page. */
  readonly next: string | null;
}

export interface PersonView {
  readonly id: string;
  readonly tenant: string;
  readonly address: string | null;
  readonly displayName: string | null;
  readonly state: PersonState;
  readonly reason: string;
  /** What the person holds now; null: nothing. */
  readonly tier: TierName | null;
  /** Tier of the winning rule, No_Licence included; null: no rule matches. */
  readonly wanted: TierName | null;
  readonly rule: RuleRef | null;
  /** Display names of the groups that rules can name and the person is in, nested membership included; sorted. */
  readonly groups: readonly string[];
  /** ISO 8601 UTC: since when in this state; for `waiting`, since when in the queue. */
  readonly since: string;
  readonly purgeAt: string | null;
  /** Place in the queue, from 1; null: not waiting. */
  readonly position: number | null;
  /** The account's id at the target; null: no account. */
  readonly targetId: string | null;
  /** Holds a seat although gone: deleted in Entra, or in no group in scope any more. No rule can reach it. */
  readonly zombie: boolean;
}

/** A seat of somebody who is gone. */
export interface ZombieSeat {
  /** Object id. */
  readonly id: string;
  readonly address: string | null;
  readonly tier: TierName;
  /** ISO 8601 UTC: since when in the present state. */
  readonly since: string;
}

/** One person with everything that led there: `explain` and `GET /users/{…}`. */
export interface PersonExplanation extends PersonView {
  readonly rules: readonly RuleTrace[];
  /** Newest first, at most 5. */
  readonly decisions: readonly EventView[];
  readonly seat: TierUsage | null;
}

export interface EventView {
  readonly at: string;
  /** created | adopted | assigned | changed | waiting | updated | revoked | purged | released | … */
  readonly type: string;
  readonly tier: TierName | null;
  /** Id of the cycle. */
  readonly cycle: string | null;
}

export interface HoldSummary {
  readonly id: string;
  readonly kinds: Readonly<Partial<Record<ActionKind, number>>>;
  readonly since: string;
  readonly expiresAt: string;
}

export interface ActionView {
  readonly kind: ActionKind;
  readonly user: string;
  readonly address: string | null;
  readonly from: TierName | null;
  readonly to: TierName | null;
  readonly reason: string;
}

export interface HoldView extends HoldSummary {
  readonly tenant: string;
  readonly actions: readonly ActionView[];
}

export interface CredentialView {
  readonly kind: "certificate" | "secret";
  /** Hex SHA-1, upper-case, as the portal shows it; null for a secret. */
  readonly thumbprint: string | null;
  readonly expiresAt: string | null;
  readonly daysLeft: number | null;
}

export interface TenantStatus {
  readonly name: string;
  /** Null when it cannot be read; the cycle's error says why. */
  readonly credential: CredentialView | null;
  readonly tiers: readonly TierUsage[];
  readonly users: Readonly<Record<PersonState, number>>;
  readonly lastCycle: CycleRecord | null;
  /** When the next scheduled cycle begins, ISO 8601 UTC; null: never. */
  readonly nextRun: string | null;
  /** Scheduled cycles come less often because they fail for what a person must mend; null: they come at every tick. */
  readonly slowedDown: { readonly failures: number; readonly leftOut: number } | null;
  readonly holds: readonly HoldSummary[];
  /** Seats of people who are gone, oldest first; at most 100 of them. */
  readonly zombies: readonly ZombieSeat[];
  /** All of them. */
  readonly zombieSeats: number;
}

export interface StatusView {
  readonly version: string;
  readonly state: "idle" | "syncing" | "held" | "failing";
  readonly startedAt: string;
  /** `nextRun`: the next scheduled cycle of whichever tenant. */
  readonly schedule: { readonly cron: string; readonly nextRun: string | null };
  readonly rules: {
    readonly files: number;
    readonly rules: number;
    readonly loadedAt: string;
    readonly errors: readonly Finding[];
  };
  readonly tenants: readonly TenantStatus[];
  /** Remarks an admin should know of: brakes taken off, plain secrets, a clock that is off. */
  readonly warnings: readonly string[];
}

/** Somebody in a queue. */
export type WaitingView = Pick<PersonView, "id" | "address" | "wanted" | "tier" | "since" | "position">;

export interface TenantPlanView {
  readonly name: string;
  /** Who would wait after it, tier by tier, the longest waiting first; the first 1000 of each queue. */
  readonly waiting: readonly WaitingView[];
  readonly tiers: readonly TierUsage[];
  readonly actions: readonly ActionView[];
  readonly held: readonly HoldView[];
}

/** `plan --json`. */
export interface PlanView {
  /** Those that could be planned. */
  readonly tenants: readonly TenantPlanView[];
  /** Why the others could not; none: all could. */
  readonly errors: readonly (CycleError & { readonly tenant: string })[];
}

export interface CheckResult {
  /** `credential.expiry`, `graph.permissions`, … */
  readonly id: string;
  readonly tenant: string | null;
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  readonly hint: string | null;
}

export function actionView(action: Action): ActionView {
  const { kind, user, address, from, to, reason } = action;
  return { kind, user, address, from, to, reason };
}

/** Held actions by kind. */
export function kindCounts(actions: readonly Pick<Action, "kind">[]): Partial<Record<ActionKind, number>> {
  const kinds: Partial<Record<ActionKind, number>> = {};
  for (const { kind } of actions) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

export function holdView(hold: Hold): HoldView {
  const { id, tenant, since, expiresAt, actions } = hold;
  return { id, tenant, kinds: kindCounts(actions), since, expiresAt, actions: actions.map(actionView) };
}
