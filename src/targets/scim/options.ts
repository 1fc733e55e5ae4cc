/** What a SCIM 2.0 licence system (RFC 7643, RFC 7644) is reached and kept by. */

import type { AccountStore, AccountWriter, RemoteAccountStore } from "../../cycle/account-ports.ts";
import type { Clock } from "../../cycle/ports.ts";
import type { Logger } from "../../log.ts";
import type { Drift, LostAnswer } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Secrets are read when they are needed, so that a new value counts without a restart. */
export type ScimAuth =
  | { readonly kind: "token"; readonly read: () => Promise<string> }
  | {
      readonly kind: "oauth";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly readSecret: () => Promise<string>;
      readonly scope: string | null;
    };

export interface ScimOptions {
  /** Base URL without trailing slash. */
  readonly url: string;
  readonly auth: ScimAuth;
  readonly tierAs: "entitlements" | "roles" | "groups";
  readonly onPurge: "delete" | "deactivate";
  readonly onDrift: "repair" | "report";
  /** Tiers with seats, lowest rank first. Other values of entitlements and roles, and other groups, are left alone. */
  readonly tiers: readonly TierName[];
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The local copy. */
  readonly accounts: AccountStore & AccountWriter;
  readonly remote: RemoteAccountStore;
  readonly transaction: <T>(work: () => T) => T;
  /** Told once of each tier that somebody else changed, in the transaction that takes it into the copy. */
  readonly drift?: (drift: Drift) => void;
  /** Told of each account of a person whose answer was lost, when it is not as it was, in the transaction that takes it into the copy. */
  readonly settled?: (found: LostAnswer) => void;
  /** How often everything is read again; ms, 24 h by default. */
  readonly reconcileEvery?: number;
  /** ms, 30 s by default. */
  readonly requestTimeout?: number;
  /** Longest wait that the service may ask for before the cycle gives up; ms, 60 s by default. */
  readonly patience?: number;
  /** Waits; rejects when the signal aborts. For tests. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}
