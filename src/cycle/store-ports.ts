/** What a cycle needs of the agent's durable memory; `store` fills it. */
import type { Action, ActionKind, GuardedKind } from "../model/action.ts";
import type {
  CycleError,
  CycleKind,
  CycleOutcome,
  CycleRecord,
  CycleTrigger,
  Hold,
  RequestCounts,
} from "../model/cycle.ts";
import type { Mailbox, ObjectId, ScopedGroup } from "../model/directory.ts";
import type { Account, Decision, PersonFailure, PreviousDecision } from "../model/person.ts";
import type { TierName } from "../model/tier.ts";
import type { ActionPair, HoldProposal } from "../plan/types.ts";
import type { AccountStore, AccountWriter, RemoteAccountStore } from "./account-ports.ts";
import type { MessageQueue, Outbox } from "./message-ports.ts";
import type { MirrorWriter } from "./ports.ts";

/** A person as the store knows them, before the rules are asked. */
export interface StoredPerson {
  readonly key: number;
  readonly id: ObjectId;
  /** The selected properties; null: never read. */
  readonly properties: Readonly<Record<string, unknown>> | null;
  readonly presence: "present" | "deleted";
  readonly mailbox: Mailbox;
  /** Key for `GroupGraph.closure`: the groups the person is a direct member of. */
  readonly direct: string;
  readonly account: Account | null;
  readonly previous: PreviousDecision | null;
}

export interface GroupGraph {
  readonly groups: readonly ScopedGroup[];
  /** Direct nesting among groups in scope. */
  readonly nesting: readonly { readonly parent: ObjectId; readonly child: ObjectId }[];
  /** All groups that a person with these direct memberships is in, nested ones included. The same set for the same key. */
  closure(direct: string): ReadonlySet<ObjectId>;
  /** The direct groups alone. */
  direct(direct: string): readonly ObjectId[];
}

/** Which rules the stored decisions come from. */
export interface EvaluationMark {
  /** Everybody is open. */
  readonly everybody: boolean;
  readonly fingerprint: string | null;
  /** Epoch ms of the time the rules were last applied for. */
  readonly at: number | null;
}

/** The people of one tenant: mirror and decisions. */
export interface PeopleStore {
  /**
   * The mirror, to be filled with exactly these user properties: one that an answer leaves out is null. What was ruled about a person
   * stands until the groups or one of the `deciding` properties (by default all) change.
   */
  mirror(properties: readonly string[], deciding?: readonly string[]): MirrorWriter;
  /** Properties that the mirror holds for everybody; null: nothing is mirrored yet. */
  mirroredProperties(): readonly string[] | null;
  groupGraph(): GroupGraph;
  evaluation(): EvaluationMark;
  /** These people have to be decided again. */
  markDirty(people: readonly number[]): void;
  /** Everybody has to be evaluated again (rules changed). Kept until `settled`. */
  markAllDirty(): void;
  /**
   * People whose inputs changed, whose state is still open (pending, conflict, error), or whose purge is due; in chunks.
   * The second number bounds how many are in memory beyond what the caller keeps.
   */
  open(now: number, chunk: number): Iterable<readonly StoredPerson[]>;
  /** The heads of the waiting lists: for each (tier waited for, tier held) the first `limit`, but for those who were refused: they are open. */
  queueHeads(limit: number): readonly StoredPerson[];
  /** People who have or want one of these addresses. */
  claimants(addressKeys: readonly string[]): readonly StoredPerson[];
  /** One person, whatever their state. */
  person(id: ObjectId): StoredPerson | null;
  /** People in groups in scope whose mailbox settings are known, the longest known first. */
  oldestMailboxes(limit: number): readonly ObjectId[];
  saveMailboxes(settings: ReadonlyMap<ObjectId, Exclude<Mailbox, "unread">>, now: number): void;
  /** Records decisions (with the identity shown to people) that need no action. One transaction. */
  decide(decisions: readonly DecidedPerson[]): void;
  /** Everybody open was decided with these rules: the next cycle starts from changes again. */
  settled(mark: { readonly fingerprint: string; readonly at: number }): void;
  /** These people were decided; everybody else stays as open as before, and the rules as unapplied. */
  settledOnly(people: readonly number[]): void;
  /** Another reason for the state that a person is in. */
  remark(person: number, reason: string): void;
  /** People whom a rule manages: everybody but the unmanaged and the skipped. */
  managed(): number;
  /** Waiting people per tier. */
  waiting(): ReadonlyMap<TierName, number>;
}

/** A decision with what is shown of the person. */
export interface DecidedPerson {
  /** Row key in the store. */
  readonly person: number;
  readonly decision: Decision;
  /** Kept as it was when null (a person who is gone). */
  readonly address: string | null;
  /** The person's account has this address, too. */
  readonly claimed?: boolean;
  readonly groups: readonly string[];
  readonly failure: PersonFailure | null;
}

/** One cycle being recorded. */
export interface OpenCycle {
  readonly id: string;
  /** `leftOut`: there was no time to read the mailboxes of some who are to be created. */
  setKind(kind: CycleKind, leftOut: boolean): void;
  /**
   * Records what was done: one event per applied action, decisions, counters. In the caller's transaction where there is one.
   * `approved`: whether a person approved the action (it does not count against the brakes again).
   */
  record(done: readonly SettledAction[]): void;
  finish(result: CycleResult): CycleRecord;
}

export interface CycleResult {
  readonly outcome: CycleOutcome;
  readonly held: CycleRecord["held"];
  readonly requests: RequestCounts;
  readonly error: CycleError | null;
}

export interface SettledAction {
  readonly action: Action;
  /** Null: it was done. */
  readonly failure: PersonFailure | null;
  /** Refused in words that do not say that nothing was done: it stays unsettled. */
  readonly unsure?: boolean;
  readonly approved: boolean;
  /** Written with the person's last action of the cycle; null: more is to come. */
  readonly decided: DecidedPerson | null;
  /** Epoch ms, Graph's time. */
  readonly at: number;
}

export interface Journal {
  /** `only`: whom the cycle is about, where it is not about everybody; it does not end the initial phase. */
  begin(cycle: { trigger: CycleTrigger; kind: CycleKind; id?: string; only?: ObjectId | undefined }): OpenCycle;
  /**
   * Actions about to be sent to a remote target by the cycle with this id, or by hand (null); forgotten as they are recorded. On the disk
   * when it returns. Not inside a transaction.
   */
  intend(actions: readonly Action[], cycle: string | null): void;
  /** An action that an administrator did outside a cycle; it does not count against the brakes. */
  recordManual(action: Action, at: number): void;
  /** An action that was intended and turned out to be done: as if its cycle had recorded it. `at`: epoch ms, Graph's time. */
  recordLost(action: Action, at: number): void;
  /** No cycle of this tenant has ended well yet. */
  initial(): boolean;
  /** Applied in the 24 h before `now` (Graph's time, epoch ms) by guarded kind, without approved ones and without the initial cycle's creations. */
  recent(now: number): Readonly<Record<GuardedKind, number>>;
  /** People whose actions were sent to a remote target and never settled. */
  unsettled(): readonly ObjectId[];
  forgetIntents(users: readonly ObjectId[]): void;
  last(): CycleRecord | null;
  /** The finished cycles that failed in a row up to now, without those that were stopped from outside; null: none. */
  failing(): FailureStreak | null;
}

export interface FailureStreak {
  /** Id of the first failed cycle, and when it began (ISO 8601 UTC). */
  readonly first: string;
  readonly since: string;
  readonly failures: number;
}

/** Holds, approvals and rejections of one tenant. */
export interface HoldStore {
  open(): readonly Hold[];
  /** Not carried out within 24 h, an approval has lapsed. `now`: epoch ms, Graph's time. */
  approved(now: number): readonly ActionPair[];
  rejected(): readonly ActionPair[];
  /**
   * Makes the open holds what the plan proposes: an id stays while its set shrinks, changes when it grows or after 24 h; holds no longer
   * proposed dissolve. Returns the open holds and which of them are new.
   */
  reconcile(
    proposals: readonly HoldProposal[],
    now: number,
  ): { readonly open: readonly Hold[]; readonly formed: readonly Hold[] };
  approve(id: string, only: readonly ObjectId[] | null, now: number): Hold;
  reject(id: string, now: number): Hold;
}

/** Actions that were sent to a remote target and never settled. */
export interface IntentStore {
  of(user: ObjectId): ReadonlySet<ActionKind>;
}

/** How often somebody else changed a managed person's tier back, in a row. */
export interface ContestStore {
  /** One more time; returns how many it makes in a row. `expected`: what the agent had given; `now`: epoch ms. */
  note(user: ObjectId, expected: TierName | null, now: number): number;
  /** By person; forgotten when the person's inputs change. */
  times(): ReadonlyMap<number, number>;
}

/** All durable memory of one tenant. */
export interface TenantStore {
  /** The same whatever the tenant is called. */
  readonly key: number;
  readonly name: string;
  readonly people: PeopleStore;
  readonly accounts: AccountStore & AccountWriter;
  readonly remote: RemoteAccountStore;
  readonly journal: Journal;
  readonly holds: HoldStore;
  readonly contests: ContestStore;
  readonly intents: IntentStore;
  readonly outbox: Outbox & MessageQueue;
  /** Makes what was deleted unreadable in the files, too. Called after purges. */
  scrub(): void;
  /** Runs `work` in one write transaction; nested calls join it. */
  transaction<T>(work: () => T): T;
}
