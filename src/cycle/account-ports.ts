/** Accounts, as the store keeps them for a target: the ledger itself, or the copy of a remote licence system. */
import type { ObjectId, Profile } from "../model/directory.ts";
import type { Account } from "../model/person.ts";
import type { Drift, RemoteAccount, SeenAccount } from "../model/remote-account.ts";
import type { TierName } from "../model/tier.ts";

/** Accounts at the target: the truth for the ledger, a local copy for a remote target. */
export interface AccountStore {
  usage(): ReadonlyMap<TierName, number>;
  count(): number;
  /** Whether any account is nobody's. */
  hasUnbound(): boolean;
  /**
   * Accounts that are nobody's, for those who want one of these addresses. `userNames`: by address, the user name of who wants it. A remote
   * account is found by its user name, else by its e-mail addresses, each account once and as if the address wanted were its own;
   * `boundTo` is set where it bears somebody's object id all the same.
   */
  unbound(addressKeys: readonly string[], userNames?: ReadonlyMap<string, string>): readonly Account[];
}

/** What the ledger and remote targets write. Each method is one statement; the caller owns the transaction. */
export interface AccountWriter {
  /** The account bound to a person; null: none. */
  of(person: number): Account | null;
  byKey(key: number): Account | null;
  /** Whoever has an account already keeps that one as it is (`created` false). `profile`: or its canonical JSON. */
  create(account: {
    person: number;
    address: string;
    profile: Profile | string;
    remoteId: string | null;
    at: number;
    tier?: TierName | null;
  }): { readonly key: number; readonly created: boolean };
  bind(key: number, person: number): void;
  /** The account is nobody's from now on. */
  unbind(key: number): void;
  update(key: number, change: { address: string; profile: Profile | string }): void;
  setTier(key: number, tier: TierName | null): void;
  revoke(key: number, at: number): void;
  /** Deletes the person's event log beyond recovery and marks the account purged. */
  purge(key: number, person: number, at: number): void;
}

/** How what was read is taken in. */
export interface Sighting {
  /** Their changes are the agent's own. Names and addresses that were sent to them and may not have arrived are sent again. */
  readonly own: ReadonlySet<ObjectId>;
  /** Leave what others changed, rather than have it changed back. */
  readonly leave: boolean;
}

/** The local copy of a remote licence system. */
export interface RemoteAccountStore {
  /** What was read whole (opaque), and when; null: nothing was. Epoch ms. */
  lastRead(): { readonly what: string; readonly at: number } | null;
  /** The copy is no longer kept up to date: what follows begins with a whole reading. */
  forget(): void;
  /** The account bound to this person. */
  of(user: ObjectId): RemoteAccount | null;
  byKey(key: number): RemoteAccount | null;
  byRemoteId(remoteId: string): RemoteAccount | null;
  /** Remote ids of bound accounts that are not among these. */
  missing(remoteIds: ReadonlySet<string>): readonly string[];
  /** Makes these the whole copy, in one transaction. `fresh`: nothing known before is of the same system; `unlike`: what counts as a tier has changed. */
  replaceAll(
    seen: readonly SeenAccount[],
    reading: Sighting & {
      readonly what: string;
      readonly at: number;
      readonly fresh: boolean;
      readonly unlike: boolean;
    },
  ): readonly Drift[];
  /** Takes in one account. */
  see(seen: SeenAccount, sighting: Sighting): { readonly key: number; readonly drift: Drift | null };
  /** Also lets an account that is nobody's be found by this address. */
  alias(key: number, address: string): void;
  /** What the agent itself has just written. `regular`: the tier, so that it alone is there and spelled as asked for. */
  wrote(key: number, state: { version: string | null; regular?: boolean; externalId?: string; active?: boolean }): void;
  /** The account is no longer there. */
  remove(key: number): void;
  /** Binds accounts that bear the object id of a person who has none. */
  bindKnown(): void;
}
