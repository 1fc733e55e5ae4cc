/** tiersync.yaml, checked and complete: every default filled in, every path absolute. */
import type { GuardedKind } from "../model/action.ts";
import type { GroupRef } from "../model/directory.ts";
import type { Tier } from "../model/tier.ts";
import type { SecretRef } from "./secrets.ts";

export interface AgentConfig {
  /** croner patterns. */
  readonly schedule: string;
  readonly fullSync: string;
  /** IANA zone of both patterns; null: the computer's own. */
  readonly timezone: string | null;
  /** False: mailbox settings are never asked for. */
  readonly mailboxSettings: boolean;
  /** At least one; names differ, case aside. Those that are worked on: see `onlyTenant`. */
  readonly tenants: readonly TenantConfig[];
  /** Every tenant in tiersync.yaml. */
  readonly tenantsInFile: readonly Pick<TenantConfig, "name" | "tenantId">[];
  readonly network: {
    /** `http://proxy:8080`; null: HTTPS_PROXY and NO_PROXY of the environment. */
    readonly proxy: string | null;
    /** Absolute path of a PEM file; null: none. */
    readonly caFile: string | null;
  };
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    /** Bytes. */
    readonly maxSize: number;
    readonly maxFiles: number;
  };
  /** How long history is kept; ms. */
  readonly retention: { readonly cycles: number; readonly journal: number; readonly outbox: number };
  readonly status: { readonly host: string; readonly port: number; readonly protectReads: boolean };
  /** For the status: brakes that are off, secrets in plain text. */
  readonly remarks: readonly string[];
}

export interface TenantConfig {
  readonly name: string;
  /** GUID or verified domain. */
  readonly tenantId: string;
  readonly clientId: string;
  readonly credential: CredentialConfig;
  readonly parentGroup: GroupRef;
  /** Base URLs without trailing slash. */
  readonly cloud: { readonly authority: string; readonly graph: string };
  /** In order of rank, lowest first. */
  readonly tiers: readonly Tier[];
  readonly target: TargetConfig;
  readonly guard: GuardConfig;
  readonly notify: NotifyConfig;
}

export type CredentialConfig =
  | {
      readonly kind: "certificate";
      /** Absolute path of a PEM file with key and certificate. */
      readonly path: string;
      readonly assertion: "PS256" | "RS256";
    }
  | { readonly kind: "secret"; readonly secret: SecretRef };

export type TargetConfig = { readonly kind: "ledger" } | ScimConfig;

export interface ScimConfig {
  readonly kind: "scim";
  /** Without trailing slash. */
  readonly url: string;
  readonly auth: ScimAuth;
  readonly tierAs: "entitlements" | "roles" | "groups";
  readonly onPurge: "delete" | "deactivate";
  readonly onDrift: "repair" | "report";
}

export type ScimAuth =
  | { readonly kind: "token"; readonly token: SecretRef }
  | {
      readonly kind: "oauth";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: SecretRef;
      readonly scope: string | null;
    };

/** Structurally the plan's `GuardLimits`; null: the brake is off. */
export type GuardConfig = Readonly<Record<GuardedKind, { readonly count: number; readonly percent: number } | null>>;

export interface NotifyConfig {
  readonly email: EmailConfig | null;
  /** daily: one mail a day instead of one per event. */
  readonly digest: "daily" | null;
  readonly webhook: { readonly url: string; readonly secret: SecretRef } | null;
  /** Pinged after each good cycle. */
  readonly heartbeat: string | null;
}

export interface EmailConfig {
  readonly host: string;
  readonly port: number;
  readonly security: "starttls" | "tls" | "none";
  readonly login: { readonly user: string; readonly password: SecretRef } | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly language: "en" | "fr";
}
