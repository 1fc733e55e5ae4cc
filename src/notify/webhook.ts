/** Events as signed JSON POSTs, by the Standard Webhooks specification (version 1, symmetric signatures). */
import { createHmac } from "node:crypto";
import type { OutgoingMessage } from "../cycle/message-ports.ts";
import type { Clock } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import { networkProblem } from "../model/network-problem.ts";
import { type Channel, DELIVERED, type Delivery, type Fetch } from "./channel.ts";

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and the base64 of the key, or the key as text; called afresh for each delivery. */
  readonly secret: () => Promise<string>;
}

export interface Webhook extends Channel {
  /** Throws `AgentError` `ERR_NOTIFY` when the secret cannot be a key; sends nothing. */
  verify(): Promise<string>;
  /** Posts an event of type `test`. */
  sendTest(id: string, signal: AbortSignal): Promise<Delivery>;
}

/** Longest time for one POST; ms. */
const TIMEOUT = 15_000;
/** Events in one body; `count` tells how many there were. */
const LISTED = 1000;
const SHORTEST_KEY = 16;
const PREFIX = "whsec_";

export function createWebhook(
  tenant: string,
  options: WebhookOptions,
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock },
): Webhook {
  // The path of a hook's address is often a secret by itself.
  const { host } = new URL(options.url);

  const post = async (id: string, body: string, key: Buffer, signal: AbortSignal): Promise<Delivery> => {
    const timestamp = String(Math.floor(clock.now() / 1000));
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    let response: Response;
    try {
      response = await fetch(options.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
        },
        body,
        // A signed body is for the configured address and for no other.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      });
      await response.body?.cancel();
    } catch (error) {
      const { why, hint } = networkProblem(error);
      const message = `web hook ${host} could not be reached: ${why}`;
      throw new AgentError("ERR_NOTIFY", message, { retryable: true, ...(hint === null ? {} : { hint }) });
    }
    return response.ok ? DELIVERED : { error: `web hook ${host} answered ${response.status}`, left: null };
  };

  return {
    name: "webhook",
    open: async (signal) => {
      const key = signingKey(await options.secret());
      return { send: (message) => post(message.id, bodyOf(tenant, message), key, signal), close: () => undefined };
    },
    verify: async () => {
      signingKey(await options.secret());
      return `${host}: the signing secret is well-formed`;
    },
    sendTest: async (id, signal) => {
      const key = signingKey(await options.secret());
      const timestamp = new Date(clock.now()).toISOString();
      return post(id, JSON.stringify({ type: "test", timestamp, data: { tenant, count: 0, events: [] } }), key, signal);
    },
  };
}

/** Events of one topic are of one kind: it is the type. */
function bodyOf(tenant: string, { events, createdAt }: OutgoingMessage): string {
  const listed = events.slice(0, LISTED).map(({ data: { kind: _, ...data } }) => data);
  return JSON.stringify({
    type: events[0]?.data.kind,
    timestamp: new Date(events.at(-1)?.at ?? createdAt).toISOString(),
    data: { tenant, count: events.length, events: listed },
  });
}

/** By Standard Webhooks `whsec_` and base64; any other text is the key as it stands, for receivers with a secret of their own kind. */
function signingKey(secret: string): Buffer {
  const text = secret.trim();
  if (!text.startsWith(PREFIX)) return Buffer.from(text, "utf8");
  const encoded = text.slice(PREFIX.length);
  const key = Buffer.from(encoded, "base64");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || key.length < SHORTEST_KEY) {
    throw new AgentError("ERR_NOTIFY", "the web hook's secret begins with whsec_ and is not one of Standard Webhooks", {
      hint: "it is `whsec_` followed by 24 to 64 random bytes in base64, the same at the receiver",
    });
  }
  return key;
}
