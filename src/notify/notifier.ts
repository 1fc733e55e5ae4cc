/** Delivers one tenant's messages. A delivery that fails is a log line and a later try, never an error of the caller's. */
import { randomUUID } from "node:crypto";
import type { MessageQueue, NoticeChannel, OutgoingMessage } from "../cycle/message-ports.ts";
import type { Clock } from "../cycle/ports.ts";
import { toAgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { CheckResult } from "../model/views.ts";
import type { Channel, Delivery, Fetch, Outlet } from "./channel.ts";
import { digestDue } from "./digest.ts";
import { ping } from "./heartbeat.ts";
import { createMailer, type MailOptions } from "./mail.ts";
import { nextTry } from "./retry.ts";
import { createWebhook, type WebhookOptions } from "./webhook.ts";

export interface NotifierOptions {
  readonly tenant: string;
  readonly queue: MessageQueue;
  readonly email: MailOptions | null;
  readonly webhook: WebhookOptions | null;
  /** Pinged after each good cycle; null: nothing is. */
  readonly heartbeat: string | null;
  /** daily: one e-mail a day, at six in the morning. */
  readonly digest: "daily" | null;
  /** IANA zone of the digest's hour; null: the computer's own. */
  readonly timezone: string | null;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface DeliverySummary {
  /** Messages delivered, put off, and given up in this call. */
  readonly sent: number;
  readonly failed: number;
  readonly abandoned: number;
}

export interface Notifier {
  /**
   * Sends what waits, each message at most once. `pauses`: leave out those whose pause is not over (`run`); otherwise everything is
   * tried. Ends soon after `signal` aborts; what was not reached stays as it is. Throws only what the store throws.
   */
  deliver(options: { readonly pauses: boolean; readonly signal: AbortSignal }): Promise<DeliverySummary>;
  /** Whether it was answered. Call after a good cycle. */
  heartbeat(signal: AbortSignal): Promise<boolean>;
  /** For `check`: tests the mail server up to the login and the web hook's secret. Sends nothing. */
  verify(signal: AbortSignal): Promise<CheckResult[]>;
  /** For `check --send-test`: one message on each channel. */
  sendTest(signal: AbortSignal): Promise<CheckResult[]>;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { tenant, queue, clock, logger, fetch } = options;
  const mailer = options.email === null ? null : createMailer(tenant, options.email, logger);
  const webhook = options.webhook === null ? null : createWebhook(tenant, options.webhook, { fetch, clock });
  const check = createChecks(tenant);
  let last: Promise<unknown> = Promise.resolve();

  const prepare = (name: NoticeChannel, listening: boolean): void => {
    const oldest = queue.oldest(name);
    if (!listening) {
      if (oldest !== null || queue.open(name, null).length > 0) queue.skip(name, clock.now());
      return;
    }
    if (oldest === null) return;
    const together = name === "email" && options.digest === "daily";
    if (!together || digestDue(oldest, clock.now(), options.timezone)) queue.gather(name, together, clock.now());
  };

  const settle = (message: OutgoingMessage, { error, left }: Delivery): "sent" | "failed" | "abandoned" => {
    const now = clock.now();
    const context = { message: message.id, channel: message.channel, attempts: message.attempts + 1 };
    if (error === null) {
      queue.sent(message.id, now);
      logger.info("message delivered", context);
      return "sent";
    }
    const nextTryAt = nextTry(message.attempts, message.createdAt, now);
    queue.failed(message.id, { error, nextTryAt, recipients: left ?? message.recipients }, now);
    if (nextTryAt === null) {
      const topics = [...new Set(message.events.map(({ topic }) => topic))];
      logger.error("a message was given up after three days: {error}", { ...context, error, topics });
      return "abandoned";
    }
    logger.warn("a message could not be delivered yet: {error}", { ...context, error });
    return "failed";
  };

  /** Tries messages in turn; when the connection is gone, the rest shares the failure. */
  const sendAll = async (channel: Channel, messages: readonly OutgoingMessage[], signal: AbortSignal) => {
    const count = { sent: 0, failed: 0, abandoned: 0 };
    let outlet: Outlet | null = null;
    for (const [index, message] of messages.entries()) {
      if (signal.aborted) break;
      let delivery: Delivery;
      try {
        outlet ??= await channel.open(signal);
        delivery = await outlet.send(message);
      } catch (thrown) {
        const { message: error } = toAgentError(thrown);
        const concerned = signal.aborted ? [message] : messages.slice(index);
        for (const one of concerned) count[settle(one, { error, left: null })] += 1;
        break;
      }
      count[settle(message, delivery)] += 1;
      if (delivery.error === null) continue;
      // The other side may be in the middle of the message it refused: the next one begins afresh.
      outlet.close();
      outlet = null;
    }
    outlet?.close();
    return count;
  };

  const deliverOn = async (channel: Channel, pauses: boolean, signal: AbortSignal) => {
    const due = queue.open(channel.name, pauses ? clock.now() : null);
    const first = await sendAll(channel, due, signal);
    if (first.sent === 0) return first;
    // It works (again): what else waits for its pause need not.
    const tried = new Set(due.map(({ id }) => id));
    const paused = queue.open(channel.name, null).filter(({ id }) => !tried.has(id));
    return add(first, await sendAll(channel, paused, signal));
  };

  const deliver: Notifier["deliver"] = async ({ pauses, signal }) => {
    prepare("email", mailer !== null);
    prepare("webhook", webhook !== null);
    const channels = [mailer, webhook].filter((channel) => channel !== null);
    const counts = await Promise.all(channels.map((channel) => deliverOn(channel, pauses, signal)));
    return counts.reduce(add, { sent: 0, failed: 0, abandoned: 0 });
  };

  return {
    deliver: (request) => {
      // One after the other: a message under way must not be taken for one that waits.
      const next = last.then(() => deliver(request));
      last = next.catch(() => undefined);
      return next;
    },
    heartbeat: async (signal) => {
      if (options.heartbeat === null) return false;
      try {
        await ping(options.heartbeat, fetch, signal);
        return true;
      } catch (error) {
        logger.warn("{message}", { message: toAgentError(error).message });
        return false;
      }
    },
    verify: async (signal) => {
      const results: CheckResult[] = [];
      if (mailer !== null) results.push(await check("notify.email", () => mailer.verify(signal)));
      if (webhook !== null) results.push(await check("notify.webhook", () => webhook.verify()));
      if (results.length > 0) return results;
      const message = "neither e-mail nor web hook is configured: nobody is told of missing seats or holds";
      return [{ id: "notify", tenant, level: "warn", message, hint: "add `notify:` to tiersync.yaml" }];
    },
    sendTest: async (signal) => {
      const results: CheckResult[] = [];
      if (mailer !== null) {
        results.push(
          await check("notify.email.test", async () => {
            const { accepted, refused, rejected } = await mailer.sendTest(randomUUID(), clock.now(), signal);
            const said = refused.map(({ address, reply }) => `${address}: ${reply}`).join("; ");
            if (rejected !== null || refused.length > 0) throw new Error(said || (rejected ?? ""));
            return `sent to ${accepted.join(", ")}`;
          }),
        );
      }
      if (webhook !== null) {
        results.push(
          await check("notify.webhook.test", async () => {
            const { error } = await webhook.sendTest(randomUUID(), signal);
            if (error !== null) throw new Error(error);
            return "posted and accepted";
          }),
        );
      }
      return results;
    },
  };
}

function add(a: DeliverySummary, b: DeliverySummary): DeliverySummary {
  return { sent: a.sent + b.sent, failed: a.failed + b.failed, abandoned: a.abandoned + b.abandoned };
}

/** Runs one check and tells its outcome the way `check` shows it. */
function createChecks(tenant: string) {
  return async (id: string, run: () => Promise<string>): Promise<CheckResult> => {
    try {
      return { id, tenant, level: "ok", message: await run(), hint: null };
    } catch (thrown) {
      const error = toAgentError(thrown);
      const hint = error.code === "ERR_INTERNAL" ? "see what the other side said" : error.hint;
      return { id, tenant, level: "fail", message: error.message, hint };
    }
  };
}
