/** E-mail to the account administrators. */
import type { OutgoingMessage } from "../cycle/message-ports.ts";
import type { Logger } from "../log.ts";
import type { NoticeData } from "../model/notice.ts";
import { type Channel, DELIVERED, type Delivery } from "./channel.ts";
import type { Language } from "./content.ts";
import type { RefusedRecipient } from "./smtp-fault.ts";
import {
  openSmtpSession,
  type SmtpEnvelope,
  type SmtpOptions,
  type SmtpReceipt,
  type SmtpSession,
} from "./smtp-session.ts";
import { type MessageText, noticeText, testText } from "./texts.ts";

export interface MailOptions extends SmtpOptions {
  readonly from: string;
  /** At least one. */
  readonly to: readonly string[];
  readonly language: Language;
}

export interface Mailer extends Channel {
  /** Connects, secures and logs in, and says how. Throws `AgentError` `ERR_NOTIFY`. */
  verify(signal: AbortSignal): Promise<string>;
  /** Sends one test message. Throws `AgentError` `ERR_NOTIFY`. */
  sendTest(id: string, now: number, signal: AbortSignal): Promise<SmtpReceipt>;
}

export function createMailer(tenant: string, options: MailOptions, logger: Logger): Mailer {
  /** `to`: those who have not got it yet; null: everybody. */
  const post = async (
    session: SmtpSession,
    content: MessageText,
    { id, at, to }: { readonly id: string; readonly at: number; readonly to: readonly string[] | null },
  ): Promise<SmtpReceipt> => {
    const { envelope, text } = await compose(options, content, id, at);
    return await session.send({ from: envelope.from, to: to ?? envelope.to }, text);
  };

  return {
    name: "email",
    open: async (signal) => {
      const session = await openSmtpSession(options, signal);
      return {
        send: async (message) => {
          const content = noticeText(options.language, tenant, byTopic(message));
          const { id, createdAt: at, recipients: to } = message;
          const receipt = await post(session, content, { id, at, to });
          for (const { address, reply, permanent } of receipt.refused) {
            logger.warn("the mail server refused {address}: {reply}", {
              address,
              reply,
              permanent,
              message: message.id,
            });
          }
          return outcome(receipt, message.recipients !== null);
        },
        close: () => session.close(),
      };
    },
    verify: async (signal) => {
      const session = await openSmtpSession(options, signal);
      session.close();
      const { host, port, login } = options;
      const secured = session.protocol === null ? "in clear" : `${session.protocol}, certificate valid`;
      return `${host}:${port} answers; ${secured}; ${login === null ? "no login" : `login as ${login.user} accepted`}`;
    },
    sendTest: async (id, now, signal) => {
      const session = await openSmtpSession(options, signal);
      try {
        return await post(session, testText(options.language, tenant), { id, at: now, to: null });
      } finally {
        session.close();
      }
    },
  };
}

/** `reached`: somebody got the message in an earlier try. */
function outcome({ accepted, refused, rejected }: SmtpReceipt, reached: boolean): Delivery {
  const said = refused.map(({ address, reply }) => `${address}: ${reply}`).join("; ");
  if (accepted.length === 0 && !reached) return { error: rejected ?? said, left: null };
  if (rejected !== null && refused.length === 0) return { error: rejected, left: null };
  // Whom the server refuses for good is not asked for again while others have the message.
  const later = refused.filter((recipient: RefusedRecipient) => !recipient.permanent);
  return later.length === 0 ? DELIVERED : { error: said, left: later.map(({ address }) => address) };
}

/** The message, and its addresses as the server is told them: without names, and domains in ASCII (RFC 5890). */
async function compose(
  { from, to }: MailOptions,
  content: MessageText,
  id: string,
  at: number,
): Promise<{ readonly envelope: SmtpEnvelope; readonly text: Buffer }> {
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "tiersync.invalid";
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const message = new MailComposer({
    from,
    to: [...to],
    subject: content.subject,
    text: content.text,
    html: content.html,
    // The same in every try, so that a message delivered twice can be told to be one (RFC 5322 §3.6.4).
    messageId: `<${id}@${domain}>`,
    date: new Date(at),
    // No out-of-office replies (RFC 3834 §5; the second is Exchange's own).
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const envelope = message.getEnvelope();
  if (envelope.from === false) throw new TypeError("notify.email.from has no address");
  return { envelope: { from: envelope.from, to: envelope.to }, text: await message.build() };
}

function byTopic({ events }: OutgoingMessage): NoticeData[][] {
  const topics = new Map<string, NoticeData[]>();
  for (const { topic, data } of events) {
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, [data]);
    else known.push(data);
  }
  return [...topics.values()];
}
