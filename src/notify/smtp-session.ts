/** One connection to a mail server, as promises that a signal can cut short. */
import type { Socket } from "node:net";
import { getCACertificates, TLSSocket } from "node:tls";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { type RefusedRecipient, refusals, type SmtpFault, smtpError } from "./smtp-fault.ts";

export interface SmtpTimeouts {
  /** From the look-up of the name to the end of STARTTLS; ms. Default 15 s. */
  readonly connect: number;
  /** Longest silence of the server afterwards; ms. Default 30 s. */
  readonly silence: number;
}

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** starttls: required of the server; tls: from the first byte; none: in clear. */
  readonly security: "starttls" | "tls" | "none";
  /** `password` is called afresh for each connection. Null: no login. */
  readonly login: { readonly user: string; readonly password: () => Promise<string> } | null;
  /** PEM certificates to trust beside the usual roots; null: none. */
  readonly ca: string | null;
  /** `http://proxy:8080`, asked to CONNECT; null: straight to the server. */
  readonly proxy: string | null;
  readonly timeouts?: Partial<SmtpTimeouts>;
}

export interface SmtpReceipt {
  readonly accepted: readonly string[];
  readonly refused: readonly RefusedRecipient[];
  /** Why the message as a whole was refused; null: it was not. */
  readonly rejected: string | null;
}

export interface SmtpSession {
  /** `TLSv1.3`; null: in clear. */
  readonly protocol: string | null;
  /** Throws `AgentError` `ERR_NOTIFY` when the connection is gone: it is not known then whether the message arrived. */
  send(envelope: SmtpEnvelope, message: Buffer): Promise<SmtpReceipt>;
  close(): void;
}

export interface SmtpEnvelope {
  readonly from: string;
  readonly to: readonly string[];
}

const DEFAULTS: SmtpTimeouts = { connect: 15_000, silence: 30_000 };
/** "Service closing": says nothing about the message (RFC 5321 §3.8). */
const CLOSING = 421;

/** Connects, secures and logs in. Throws `AgentError` `ERR_NOTIFY` that says which of these failed, and what to do. */
export async function openSmtpSession(options: SmtpOptions, signal: AbortSignal): Promise<SmtpSession> {
  const server = `${options.host}:${options.port}`;
  const timeouts = { ...DEFAULTS, ...options.timeouts };
  const password = await options.login?.password();
  // Loaded when there is something to send: many homes have no mail server, and the library takes its memory.
  const [{ default: Connection }, { default: connectByProxy }] = await Promise.all([
    import("nodemailer/lib/smtp-connection"),
    import("nodemailer/lib/smtp-connection/http-proxy-client"),
  ]);
  let connection: SMTPConnection | null = null;
  try {
    const tunnel =
      options.proxy === null
        ? null
        : await step<Socket>(null, signal, (done) => {
            const { host, port, proxy } = options;
            connectByProxy(proxy as string, port, host, { timeout: timeouts.connect }, (error, socket) => {
              if (signal.aborted) socket?.destroy();
              done(error, socket);
            });
          });
    const opened = new Connection(connectionOptions(options, timeouts, tunnel));
    connection = opened;
    // Errors are told to whoever waits; without anybody waiting, one says only that the connection is gone.
    opened.on("error", () => undefined);
    await step<void>(opened, signal, (done) => opened.connect((error) => done(error ?? null)));
    if (options.login !== null && password !== undefined) {
      const credentials = { user: options.login.user, pass: password };
      await step<boolean>(opened, signal, (done) => opened.login({ credentials }, done));
    }
    return session(opened, server, signal);
  } catch (error) {
    connection?.close();
    throw smtpError(error, server);
  }
}

function connectionOptions(
  { host, port, security, ca }: SmtpOptions,
  timeouts: SmtpTimeouts,
  tunnel: Socket | null,
): ConstructorParameters<typeof SMTPConnection>[0] {
  return {
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    connectionTimeout: timeouts.connect,
    greetingTimeout: timeouts.connect,
    dnsTimeout: timeouts.connect,
    socketTimeout: timeouts.silence,
    socketCloseTimeout: 0,
    tls: {
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      // `ca` takes the place of the usual roots: give those again.
      ...(ca === null ? {} : { ca: [...getCACertificates("default"), ca] }),
    },
    ...(tunnel === null ? {} : { connection: tunnel }),
  };
}

function session(connection: SMTPConnection, server: string, signal: AbortSignal): SmtpSession {
  const socket = connection._socket;
  return {
    protocol: socket instanceof TLSSocket ? socket.getProtocol() : null,
    send: async ({ from, to }, message) => {
      try {
        const envelope = { from, to: [...to], size: message.length };
        const info = await step<{ accepted: string[]; rejectedErrors?: readonly SmtpFault[] | undefined }>(
          connection,
          signal,
          (done) => connection.send(envelope, message, done),
        );
        return { accepted: info.accepted, refused: refusals(info.rejectedErrors), rejected: null };
      } catch (thrown) {
        const fault = thrown as SmtpFault;
        const refused = refusals(fault.rejectedErrors);
        const said = fault.responseCode !== undefined && fault.responseCode !== CLOSING;
        if (!said && refused.length === 0) throw smtpError(thrown, server);
        return { accepted: [], refused, rejected: smtpError(thrown, server).message };
      }
    },
    close: () => {
      if (connection.destroyed) return;
      if (signal.aborted) connection.close();
      else connection.quit();
    },
  };
}

type Done<T> = (error?: Error | null, result?: T) => void;

/** One step of the dialogue, to its end, the connection's or the signal's. */
function step<T>(connection: SMTPConnection | null, signal: AbortSignal, begin: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      connection?.off("error", onError);
      connection?.off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onEnd = (): void => onError(Object.assign(new Error("connection closed"), { code: "ECONNECTION" }));
    const onAbort = (): void => {
      onError(Object.assign(new Error("there was no time left for it"), { code: "ETIMEDOUT" }));
      connection?.close();
    };
    connection?.on("error", onError);
    connection?.on("end", onEnd);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) return onAbort();
    begin((error, result) => (error ? onError(error) : settle(() => resolve(result as T))));
  });
}
