/** What people are told of: one value per event, with nothing but data in it. Times are ISO 8601 UTC. */
import type { ActionKind } from "./action.ts";
import type { CycleError } from "./cycle.ts";
import type { ObjectId } from "./directory.ts";
import type { TierName } from "./tier.ts";

/** Whom an event is about, as shown. */
export interface NoticePerson {
  readonly id: ObjectId;
  readonly address: string | null;
  readonly displayName: string | null;
}

export type NoticeData =
  /** Somebody began to wait for a seat. `seats`, `used`, `waiting`: of the tier, after the cycle's plan. */
  | {
      readonly kind: "seats.exhausted";
      readonly tier: TierName;
      readonly seats: number;
      readonly used: number;
      readonly waiting: number;
      readonly person: NoticePerson;
      readonly since: string;
      /** Held meanwhile; null: no licence. */
      readonly keeps: TierName | null;
    }
  /** Fewer seats are free than `warnBelow` asks for. */
  | {
      readonly kind: "seats.low";
      readonly tier: TierName;
      readonly seats: number;
      readonly used: number;
      readonly free: number;
      readonly warnBelow: number;
    }
  /** Actions wait for an administrator's approval. */
  | {
      readonly kind: "hold.formed";
      readonly hold: string;
      readonly guard: ActionKind;
      /** With numbers: `40 revokes in 24 h exceed the limit of 25`. */
      readonly reason: string;
      readonly kinds: Readonly<Partial<Record<ActionKind, number>>>;
      readonly since: string;
      readonly expiresAt: string;
      /** The first of them; `kinds` counts all. */
      readonly actions: readonly HeldAction[];
    }
  | {
      readonly kind: "cycle.failing";
      /** Id of the first failed cycle. */
      readonly first: string;
      readonly since: string;
      readonly failures: number;
      readonly error: CycleError;
    }
  | {
      readonly kind: "cycle.recovered";
      readonly first: string;
      readonly since: string;
      readonly until: string;
      readonly failures: number;
    }
  /** The files in use have errors: the last good ones stay in force. */
  | { readonly kind: "config.broken"; readonly findings: readonly string[]; readonly errors: number }
  | {
      readonly kind: "credential.expiring";
      readonly credential: "certificate" | "secret";
      readonly thumbprint: string | null;
      readonly expiresAt: string;
      /** Whole days; 0 on the last day, negative afterwards. */
      readonly daysLeft: number;
    }
  /** The event logs of somebody without a licence will be deleted for good. `tier`: the revoking tier. */
  | {
      readonly kind: "purge.coming";
      readonly person: NoticePerson;
      readonly tier: TierName | null;
      readonly purgeAt: string;
    }
  | { readonly kind: "purge.done"; readonly person: NoticePerson; readonly at: string }
  | { readonly kind: "conflict"; readonly person: NoticePerson; readonly reason: string; readonly since: string }
  /** So many people left the rules in one cycle that it looks like a mistake. Nothing was taken. */
  | { readonly kind: "released.many"; readonly cycle: string; readonly released: number; readonly managed: number }
  /** Somebody else keeps changing a tier back in the target. */
  | {
      readonly kind: "licence.contested";
      readonly person: NoticePerson;
      readonly wanted: TierName | null;
      readonly found: TierName | null;
      readonly times: number;
    }
  /** `tiersync accounts …` was used. */
  | {
      readonly kind: "accounts.manual";
      readonly action: "revoke" | "purge" | "link";
      readonly person: NoticePerson;
      /** Tier taken, or held by the account that was linked. */
      readonly tier: TierName | null;
      /** Who ran the command, as the operating system says. */
      readonly by: string | null;
      readonly at: string;
    };

export interface HeldAction {
  readonly kind: ActionKind;
  readonly user: ObjectId;
  readonly address: string | null;
  readonly from: TierName | null;
  readonly to: TierName | null;
}

export type NoticeKind = NoticeData["kind"];
export type NoticeOf<K extends NoticeKind> = Extract<NoticeData, { readonly kind: K }>;

/** An event to be told, once. */
export interface Notice {
  /** The same event has the same key, however often it is noticed. Unique in a tenant. */
  readonly key: string;
  /** Events of one topic that are told at the same time are told in one message. */
  readonly topic: string;
  readonly data: NoticeData;
}
