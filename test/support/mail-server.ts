/** A real SMTP server on a port of its own, with STARTTLS and login. */
import type { Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { makeServerCertificate } from "./certificate.ts";

export const TEST_CERTIFICATE = makeServerCertificate();
export const LOGIN = { user: "agent", password: async () => "correct horse" } as const;

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  /** As it came over the wire. */
  readonly raw: string;
  /** One header, unfolded; undefined: there is none. */
  header(name: string): string | undefined;
  /** The decoded part of this type. */
  part(type: "text/plain" | "text/html"): string;
}

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Cuts every connection without a word. */
  drop(): void;
  stop(): Promise<void>;
}

/** `port`: of an earlier server that came back; any free one otherwise. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    key: TEST_CERTIFICATE.keyPem,
    cert: TEST_CERTIFICATE.certificatePem,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 200,
    onAuth: ({ username, password }, _session, done) =>
      username === "agent" && password === "correct horse"
        ? done(null, { user: username })
        : done(Object.assign(new Error("Authentication failed"), { responseCode: 535 })),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        const raw = Buffer.concat(chunks).toString("utf8");
        mails.push({ from, to, user: session.user, secure: session.secure, raw, ...readers(raw) });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  const sockets = new Set<Socket>();
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  const address = server.server.address();
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    mails,
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function readers(raw: string): Pick<ReceivedMail, "header" | "part"> {
  const end = raw.indexOf("\r\n\r\n");
  const unfolded = raw.slice(0, end).replace(/\r\n[ \t]+/g, " ");
  const header = (name: string) => {
    const line = unfolded.split("\r\n").find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return line === undefined ? undefined : decodeWords(line.slice(name.length + 1).trim());
  };
  const part = (type: string) => {
    const boundary = /boundary="([^"]+)"/.exec(unfolded)?.[1] ?? "";
    const found = raw.split(`--${boundary}`).find((one) => one.toLowerCase().includes(`content-type: ${type}`)) ?? "";
    const split = found.indexOf("\r\n\r\n");
    const body = found.slice(split + 4).replace(/\r\n$/, "");
    const encoding = /content-transfer-encoding: (\S+)/i.exec(found.slice(0, split))?.[1]?.toLowerCase();
    if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
    if (encoding === "quoted-printable") return decodeQuoted(body.replace(/=\r\n/g, ""));
    return body;
  };
  return { header, part };
}

/** RFC 2047 encoded words. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?(b|q)\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === "b"
        ? Buffer.from(word, "base64").toString("utf8")
        : decodeQuoted(word.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
