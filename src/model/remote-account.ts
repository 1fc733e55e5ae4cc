/** Accounts of a remote licence system, beside what the planner knows of them. */
import type { ObjectId } from "./directory.ts";
import type { TierName } from "./tier.ts";

/** An account as a remote licence system shows it. */
export interface SeenAccount {
  readonly remoteId: string;
  /** ETag; null: none was given. */
  readonly version: string | null;
  /** SCIM `externalId`; a GUID in lower case. */
  readonly externalId: string | null;
  readonly userName: string;
  /** The primary one first. */
  readonly emails: readonly string[];
  /** Of the tiers asked for, in order of rank, highest first. */
  readonly tiers: readonly TierName[];
  readonly active: boolean;
  /** A tier is written otherwise than asked for: replacing it takes a look first. */
  readonly irregular: boolean;
}

/** What the copy knows of a remote account beside `Account`. */
export interface RemoteAccount {
  readonly key: number;
  /** Row key of whom it is bound to. */
  readonly person: number | null;
  readonly remoteId: string;
  readonly version: string | null;
  readonly externalId: string | null;
  readonly tier: TierName | null;
  readonly active: boolean;
  readonly irregular: boolean;
  /** Its licence was taken and its event logs are still to be deleted. */
  readonly purgeOpen: boolean;
}

/** What became of a person's account while an answer of the target's was lost. */
export interface LostAnswer {
  readonly user: ObjectId;
  /** Row keys. */
  readonly person: number;
  readonly account: number;
  /** As the copy had it before; null: the person had no account. */
  readonly before: { readonly tier: TierName | null } | null;
  /** The tier held now. */
  readonly now: TierName | null;
  /** The copy did not know the account at all. */
  readonly made: boolean;
  /** When that was found; Graph's time, epoch ms. */
  readonly at: number;
}

/** Somebody other than the agent changed a managed person's tier at the target. */
export interface Drift {
  readonly user: ObjectId;
  readonly expected: TierName | null;
  readonly found: TierName | null;
  /** The whole account was deleted. */
  readonly gone: boolean;
}
