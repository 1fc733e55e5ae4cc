/** A way to reach people: what the notifier needs of e-mail and web hooks alike. */
import type { NoticeChannel, OutgoingMessage } from "../cycle/message-ports.ts";

export interface Channel {
  readonly name: NoticeChannel;
  /** Throws `AgentError` `ERR_NOTIFY` when nothing can be sent now. */
  open(signal: AbortSignal): Promise<Outlet>;
}

export interface Outlet {
  /** Throws `AgentError` `ERR_NOTIFY` when other messages would fare no better: the connection is gone, or there is no time left. */
  send(message: OutgoingMessage): Promise<Delivery>;
  close(): void;
}

export interface Delivery {
  /** Why it has to be tried again; null: delivered. */
  readonly error: string | null;
  /** Who has still to get it, where others have it; null: everybody. Only with `error`. */
  readonly left: readonly string[] | null;
}

export const DELIVERED: Delivery = { error: null, left: null };

/** The part of `fetch` that is used: `fetch` itself fits, and so does any wrapper with proxy and roots. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;
