/** What one tenant's cycles are told by the configuration, and the parts they work with. */
import type { Logger } from "../log.ts";
import type { CycleStepName, CycleTrigger } from "../model/cycle.ts";
import type { GroupRef, ObjectId } from "../model/directory.ts";
import type { Tier } from "../model/tier.ts";
import type { CredentialView } from "../model/views.ts";
import type { GuardLimits } from "../plan/types.ts";
import type { RuleSet } from "../rules/types.ts";
import type { Clock, DirectorySource, LicenceTarget } from "./ports.ts";
import type { TenantStore } from "./store-ports.ts";

export interface TenantSettings {
  readonly name: string;
  readonly parentGroup: GroupRef;
  readonly tiers: readonly Tier[];
  readonly guard: GuardLimits;
  /** False: mailbox settings are never asked for. */
  readonly mailboxSettings: boolean;
}

/** Everything a cycle of one tenant works with. */
export interface CycleParts {
  readonly settings: TenantSettings;
  readonly rules: RuleSet;
  readonly source: DirectorySource;
  readonly target: LicenceTarget;
  readonly store: TenantStore;
  /** Null when it cannot be read now. */
  readonly credential: () => CredentialView | null;
  readonly clock: Clock;
  /** Told Graph's time as an answer brings it; epoch ms. */
  readonly sawTime: (now: number) => void;
  readonly log: Logger;
  /** Told of each step, for progress and `/events`. */
  readonly progress: (step: CycleStep) => void;
}

export interface CycleStep {
  readonly tenant: string;
  readonly step: CycleStepName | "done";
  /** People or actions done so far, and in all where that is known. */
  readonly done: number;
  readonly of: number | null;
}

export interface CycleRequest {
  /** Made by the store when absent. */
  readonly id?: string;
  readonly trigger: CycleTrigger;
  readonly full: boolean;
  /** Whether people whose actions were refused twice wait for their next try (`run`), or are tried each time. */
  readonly pauses: boolean;
  /** Hold whatever changes or takes: the database is not the one last seen here. */
  readonly suspicious: boolean;
  /** Aborts at the cycle's deadline or when the agent stops. */
  readonly signal: AbortSignal;
  /** When that deadline is; epoch ms. */
  readonly deadline?: number;
  /** The cycle is about this person alone: everything is read, nothing is done or decided for others. */
  readonly only?: ObjectId;
}
