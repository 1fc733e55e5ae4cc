/** A mail server's failures in the agent's words: what failed, what the other side said, what to do. */
import { AgentError } from "../errors.ts";

/** What nodemailer puts on its errors. */
export interface SmtpFault extends Error {
  readonly code?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly rejectedErrors?: readonly SmtpFault[] | undefined;
  readonly recipient?: string | undefined;
}

export interface RefusedRecipient {
  readonly address: string;
  /** What the server said. */
  readonly reply: string;
  /** False: the server asks to try again later (greylisting, full mailbox). */
  readonly permanent: boolean;
}

const CERTIFICATE = /certificate|self.signed|altnames|issuer|UNABLE_TO_|CERT_/i;

export function smtpError(thrown: unknown, server: string): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const fault: SmtpFault = thrown instanceof Error ? thrown : new Error(String(thrown));
  const facts = { smtp: fault.code ?? null, responseCode: fault.responseCode ?? null };
  const error = (what: string, hint: string): AgentError =>
    new AgentError("ERR_NOTIFY", `mail server ${server}: ${what}: ${firstLine(fault.message)}`, {
      hint,
      retryable: true,
      facts,
      cause: fault,
    });
  if (CERTIFICATE.test(`${fault.message} ${fault.code ?? ""}`)) {
    return error(
      "its certificate is not valid",
      "`notify.email.host` must be a name in the server's certificate; name a company's own authority in `caFile`",
    );
  }
  switch (fault.code) {
    case "EAUTH":
      return error("the login was refused", "check `notify.email.user` and `password`");
    case "ETLS":
      return error(
        "no secure connection",
        "the server must offer STARTTLS on this port; `security: tls` is for port 465, `security: none` sends in clear",
      );
    case "EPROXY":
      return error(
        "the proxy refused",
        "the proxy must allow CONNECT to the mail server's port, or be left out for it",
      );
    case "EDNS":
    case "ECONNECTION":
    case "ESOCKET":
    case "ETIMEDOUT":
      return error(
        "no connection",
        "check `notify.email.host` and `port`, and that the firewall lets the agent through",
      );
    default:
      return error("refused", "see what the server said; `tiersync check --send-test` tries again");
  }
}

/** The refusals in an error or a receipt of nodemailer. */
export function refusals(errors: readonly SmtpFault[] | undefined): RefusedRecipient[] {
  return (errors ?? []).map(({ recipient, response, responseCode, message }) => ({
    address: recipient ?? "",
    reply: firstLine(response ?? message),
    permanent: responseCode === undefined || responseCode >= 500,
  }));
}

function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0] ?? "";
}
