/** What the Entra adapter is built from. Nothing here is read from the environment. */
import type { Clock } from "../cycle/ports.ts";
import type { Logger } from "../log.ts";
import type { NextCertificate } from "./next-certificate.ts";

/** The part of `fetch` that is used: `fetch` itself fits, and so does any wrapper with proxy and roots. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Resolves after `ms`, or rejects with the signal's reason. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** `read` is called afresh whenever a token is needed, so a renewed certificate or secret takes effect by itself. */
export type Credential =
  | {
      readonly kind: "certificate";
      /** PEM text with private key and certificate. */
      readonly read: () => Promise<string>;
      /** PS256 sends `x5t#S256`; RS256 sends `x5t` (SHA-1), for old set-ups. */
      readonly algorithm: AssertionAlgorithm;
      /** Tried once a cycle, and used as soon as Entra takes it. */
      readonly next?: NextCertificate;
    }
  | { readonly kind: "secret"; readonly read: () => Promise<string> };

export type AssertionAlgorithm = "PS256" | "RS256";

/** Base URLs without a path: `https://login.microsoftonline.com`, `https://graph.microsoft.com`. */
export interface Cloud {
  readonly authority: string;
  readonly graph: string;
}

export interface EntraLimits {
  /** Longest time for one request, body included; ms. */
  readonly requestTimeout: number;
  /** Longest single wait that Graph may ask for when no deadline is known; ms. */
  readonly patience: number;
  /** Pages of one listing before it counts as endless. */
  readonly pages: number;
  /** Groups listed side by side. */
  readonly groupsAtOnce: number;
  /** Mailboxes read by one call of `readMailboxes`. */
  readonly mailboxes: number;
  /** Users or memberships that one delta round may bring before everything is read again, page by page. */
  readonly changes: number;
  /** Pages of one stretch of changes before everything is read again, which can be cut and gone on with. */
  readonly deltaPages: number;
  /** How long such a stretch may take; ms. */
  readonly deltaTime: number;
}

export const DEFAULT_LIMITS: EntraLimits = {
  requestTimeout: 30_000,
  patience: 240_000,
  pages: 20_000,
  groupsAtOnce: 4,
  mailboxes: 10_000,
  changes: 20_000,
  deltaPages: 500,
  deltaTime: 90_000,
};

export interface EntraOptions {
  /** Directory (tenant) id: a GUID or a verified domain. */
  readonly tenantId: string;
  /** Application (client) id. */
  readonly clientId: string;
  readonly credential: Credential;
  readonly cloud: Cloud;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<EntraLimits>;
  /** For tests; a timer otherwise. */
  readonly sleep?: Sleep;
}
