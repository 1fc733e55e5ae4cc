/** What a cycle needs from the outside. The adapters (`entra`, `targets`, `store`, `notify`) fill these interfaces. */
import type { Action } from "../model/action.ts";
import type { RequestCounts } from "../model/cycle.ts";
import type {
  DirectoryGroup,
  DirectoryUser,
  GroupRef,
  Mailbox,
  ObjectId,
  Profile,
  ScopedGroup,
} from "../model/directory.ts";

export interface Clock {
  /** Epoch milliseconds of this computer. */
  now(): number;
}

export type { GroupRef };

/** What is read from the directory for one tenant. */
export interface DirectoryScope {
  readonly parentGroup: GroupRef;
  /** Groups outside the parent that rules name with `anywhere` or by id. */
  readonly others: readonly GroupRef[];
  /** User properties to select, `id` included. */
  readonly properties: readonly string[];
}

/** A member of a group as listed: a user with properties, a group, or something that takes no licence. */
export type DirectoryMember =
  | { readonly kind: "user"; readonly user: DirectoryUser }
  | { readonly kind: "group"; readonly group: DirectoryGroup }
  | { readonly kind: "other"; readonly id: ObjectId };

/** How far the directory was read, kept by the store and understood by the source only. */
export interface DirectoryCursor {
  /** Opaque JSON text. */
  readonly value: string;
}

/** Where a source puts what it reads. Nothing shows before `publish`. */
export interface MirrorWriter {
  /** What the mirror holds now. */
  readonly cursor: DirectoryCursor | null;
  /** Groups in scope now, as last published. */
  groups(): readonly ScopedGroup[];
  /** Which of these users the mirror knows the properties of. */
  known(ids: readonly ObjectId[]): ReadonlySet<ObjectId>;
  /** The full read under way, if one was cut: its opaque progress. Pages staged under it are still there. */
  readonly progress: string | null;
  /** Starts a full read from nothing; forgets what was staged. */
  restage(): void;
  /** Stages one page of a group's members; `progress` is what `progress` gives after a cut. The last pages may be lost with the process. */
  stagePage(groupId: ObjectId, members: readonly DirectoryMember[], progress: string): void;
  /** The read is cut: every page staged until now is kept. */
  keepStaged(): void;
  /** Users of the staged read that are not known from it but were in the mirror: candidates for "left or deleted?"; those deleted earlier too. */
  vanished(): readonly ObjectId[];
  /** Makes the staged full read the mirror: one transaction, with the new cursor. */
  publishFull(reading: FullReading): void;
  /** Applies changes to the mirror: one transaction, with the new cursor. */
  publishChanges(changes: DirectoryChanges): void;
}

export interface FullReading {
  readonly groups: readonly ScopedGroup[];
  /** Of `vanished()`: those that Entra has deleted; the others have only left. */
  readonly deleted: readonly ObjectId[];
  readonly cursor: DirectoryCursor | null;
}

/** Changes read by delta, already settled: set operations that can be repeated without harm. */
export interface DirectoryChanges {
  /** Every group in scope after the changes, those left out go with their memberships; null: unchanged. */
  readonly groups: readonly ScopedGroup[] | null;
  /** Direct memberships that now exist / no longer exist. A pair is in one of the two only. */
  readonly added: readonly { readonly group: ObjectId; readonly member: ObjectId; readonly kind: "user" | "group" }[];
  readonly removed: readonly { readonly group: ObjectId; readonly member: ObjectId }[];
  /** Groups whose direct members were listed afresh: replaces all of them. */
  readonly relisted: readonly { readonly group: ObjectId; readonly members: readonly DirectoryMember[] }[];
  /** New or changed properties; merged over what is known. Users that are in no group in scope are ignored. */
  readonly users: readonly DirectoryUser[];
  readonly deleted: readonly ObjectId[];
  /** Seen alive again. */
  readonly restored: readonly ObjectId[];
  readonly cursor: DirectoryCursor;
}

export interface ReadOptions {
  readonly scope: DirectoryScope;
  /** Read everything again even where changes would do. */
  readonly full: boolean;
  /** Aborts at the cycle's deadline or when the agent stops. */
  readonly signal: AbortSignal;
  /** When that deadline is, epoch ms: a wait that would pass it is not begun. */
  readonly deadline?: number;
  /** Told now and then of the members listed so far. */
  readonly progress?: (members: number) => void;
}

export interface ReadResult {
  /** full: everything was read; changes: by delta. */
  readonly kind: "full" | "changes";
  /** Graph's clock (its `Date` header) of the last answer; epoch ms, null when no answer bore one. */
  readonly serverTime: number | null;
}

/** The source system. Throws `AgentError`; what it could not read whole it does not publish. */
export interface DirectorySource {
  read(mirror: MirrorWriter, options: ReadOptions): Promise<ReadResult>;
  /**
   * Mailbox settings of these people, in batches as they arrive. Whoever is in no batch was not asked for: the slice was full or the
   * time was up.
   */
  readMailboxes(
    ids: readonly ObjectId[],
    signal: AbortSignal,
    deadline?: number | undefined,
  ): AsyncIterable<MailboxBatch>;
  /** Requests made since the source was built. */
  requests(): Pick<RequestCounts, "token" | "graph">;
}

/** People who were asked for together. */
export interface MailboxBatch {
  readonly asked: number;
  /** Of whom nothing is known only because too much was asked at once. */
  readonly throttled: number;
  /** What is known now; the others stay unread. */
  readonly found: ReadonlyMap<ObjectId, Exclude<Mailbox, "unread">>;
}

/** One action with what the target needs to carry it out. */
export interface ApplyItem {
  readonly action: Action;
  /** Null before the account exists. */
  readonly accountKey: number | null;
  /** Null when nothing is known of the person any more (left, deleted); never for create, adopt and update. */
  readonly profile: Profile | null;
  /** Canonical JSON of `profile`, where it is at hand: most items of a large batch need no more. */
  readonly profileText?: string | null;
  /** Graph's time; epoch ms. */
  readonly at: number;
}

export type ApplyResult =
  | { readonly item: ApplyItem; readonly ok: true }
  | {
      readonly item: ApplyItem;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** It may have been done all the same: the next cycle looks. */
      readonly unsure?: boolean;
    };

/** Somebody who is to get an account. */
export interface Newcomer {
  readonly user: ObjectId;
  readonly userName: string | null;
  readonly address: string | null;
}

/** The licence system. */
export interface LicenceTarget {
  /** The accounts are in the agent's own database: a change and its record are one transaction, and nobody else can make accounts. */
  readonly transactional: boolean;
  /**
   * Brings `Accounts` in line with the licence system where that is due (first time, reconcile, lost answers of people in `unsettled`).
   * `whole`: everything is read again even where nothing is due; `now`: Graph's time, epoch ms (by default this computer's).
   * Throws `ERR_TARGET_UNREACHABLE` or `ERR_TARGET_FORBIDDEN` when nothing can be said about it.
   */
  refresh(unsettled: readonly ObjectId[], signal: AbortSignal, whole?: boolean, now?: number): Promise<void>;
  /**
   * Looks for accounts that these people have got since all accounts were read, unless the last `refresh` or `look` read them all.
   * True: the copy is another one now, and what was planned with it is to be planned again. Throws as `refresh`.
   */
  look(newcomers: readonly Newcomer[], signal: AbortSignal): Promise<boolean>;
  /**
   * Carries out a batch in its order. `settle` is called with the results as they become known, each item once, in one transaction
   * with the change where the target lives in the same database. After a refused item, later items of the same person are left out and
   * never settled. Throws when the target is down: what is not settled by then was not done, or nobody knows.
   */
  apply(
    batch: readonly ApplyItem[],
    settle: (results: readonly ApplyResult[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
  requests(): number;
}
