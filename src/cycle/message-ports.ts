/** What is told to people, on its way from a cycle to their mailboxes; `store` keeps it, `notify` delivers it. */
import type { Notice, NoticeData } from "../model/notice.ts";

/** Events for people, as a cycle records them. Called in the transaction of what they tell of. */
export interface Outbox {
  /** Events whose key is known already are left out: they were told, or will be. */
  add(notices: readonly Notice[], now: number): void;
  /**
   * Records whether a condition that has no record of its own holds now (a tier is nearly out of seats). Gives since when it does, the
   * same until it has ended; null: it does not hold. Epoch ms.
   */
  ongoing(topic: string, holds: boolean, now: number): number | null;
  /** What `ongoing` last said of this condition; nothing is recorded. */
  ongoingSince(topic: string): number | null;
}

export type NoticeChannel = "email" | "webhook";

/** One message of one channel: what is sent together, and sent again under the same id when it failed. */
export interface OutgoingMessage {
  readonly id: string;
  readonly channel: NoticeChannel;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Failed tries so far. */
  readonly attempts: number;
  /** Those who have not got it yet, where some have; null: everybody. */
  readonly recipients: readonly string[] | null;
  /** In the order in which they happened. */
  readonly events: readonly { readonly topic: string; readonly data: NoticeData; readonly at: number }[];
}

/** The outbox as those see it who deliver. */
export interface MessageQueue {
  /** When the oldest event happened that is in no message of this channel yet; epoch ms, null: none is left. */
  oldest(channel: NoticeChannel): number | null;
  /** Puts those events into messages: one for each topic, or `together` all in one. */
  gather(channel: NoticeChannel, together: boolean, now: number): void;
  /** Nobody listens on this channel: what happened so far is never told on it. */
  skip(channel: NoticeChannel, now: number): void;
  /** Messages to be sent, oldest first; `due`: only those whose pause is over by then. */
  open(channel: NoticeChannel, due: number | null): readonly OutgoingMessage[];
  sent(id: string, now: number): void;
  /** `nextTryAt` null: given up. `recipients`: those who are still to get it, where others have it. */
  failed(
    id: string,
    failure: {
      readonly error: string;
      readonly nextTryAt: number | null;
      readonly recipients: readonly string[] | null;
    },
    now: number,
  ): void;
  /**
   * waiting: events in no message yet, and messages that are still tried; refused: those of them that were tried in vain; failed:
   * messages given up. `error`: why the last one could not be delivered; null: none.
   */
  counts(): {
    readonly waiting: number;
    readonly refused: number;
    readonly failed: number;
    readonly error: string | null;
  };
}
