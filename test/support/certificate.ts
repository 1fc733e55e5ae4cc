/** Certificates made at run time: self-signed ones for app registrations, and those of servers with their authority. */
import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

export interface TestCertificate {
  /** Private key (PKCS#8) and certificate, as `tiersync cert new` writes them. */
  readonly pem: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** Upper-case hex. */
  readonly thumbprintSha1: string;
  readonly thumbprintSha256: string;
}

export interface CertificateOptions {
  readonly bits?: number;
  /** Validity counted from `from`. */
  readonly days?: number;
  /** Epoch milliseconds; one hour ago when absent. */
  readonly from?: number;
}

/** An RSA key and its self-signed certificate (RFC 5280, v1: no extensions). */
export function makeCertificate(options: CertificateOptions = {}): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: options.bits ?? 2048 });
  const from = options.from ?? Date.now() - 3_600_000;
  const until = from + (options.days ?? 365) * 86_400_000;
  const algorithm = sequence(oid("2a864886f70d01010b"), der(0x05, Buffer.alloc(0))); // sha256WithRSAEncryption
  const name = commonName("tiersync test");
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const validity = sequence(time(from), time(until));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const tbs = sequence(serial, algorithm, name, validity, name, spki);
  const signature = createSign("sha256").update(tbs).sign(privateKey);
  const certificate = sequence(tbs, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const certificatePem = pem(certificate);
  const thumbprint = (hash: string) => createHash(hash).update(certificate).digest("hex").toUpperCase();
  return {
    pem: `${keyPem}${certificatePem}`,
    keyPem,
    certificatePem,
    thumbprintSha1: thumbprint("sha1"),
    thumbprintSha256: thumbprint("sha256"),
  };
}

export interface ServerCertificate {
  /** The authority that issued it: what a client has to trust. */
  readonly caPem: string;
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** A certificate for `localhost` and 127.0.0.1, or for another name alone, issued by an authority of its own. */
export function makeServerCertificate(host: string | null = null): ServerCertificate {
  const authority = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const server = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const names = host === null ? [dnsName("localhost"), ipAddress("127.0.0.1")] : [dnsName(host)];
  const basic = (ca: boolean) => extension("551d13", sequence(...(ca ? [der(0x01, Buffer.of(0xff))] : [])));
  const issue = (subject: string, key: KeyObject, extensions: readonly Buffer[]): string => {
    const algorithm = sequence(oid("2a864886f70d01010b"), der(0x05, Buffer.alloc(0))); // sha256WithRSAEncryption
    const tbs = sequence(
      der(0xa0, der(0x02, Buffer.of(2))), // v3
      der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
      algorithm,
      commonName("tiersync test authority"),
      sequence(time(Date.now() - 3_600_000), time(Date.now() + 86_400_000)),
      commonName(subject),
      key.export({ type: "spki", format: "der" }) as Buffer,
      der(0xa3, sequence(...extensions)),
    );
    const signature = createSign("sha256").update(tbs).sign(authority.privateKey);
    return pem(sequence(tbs, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature]))));
  };
  return {
    caPem: issue("tiersync test authority", authority.publicKey, [basic(true)]),
    keyPem: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificatePem: issue("tiersync test server", server.publicKey, [
      basic(false),
      extension("551d11", sequence(...names)), // subjectAltName
    ]),
  };
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
}

function extension(hex: string, value: Buffer): Buffer {
  return sequence(oid(hex), der(0x04, value));
}

function dnsName(name: string): Buffer {
  return der(0x82, Buffer.from(name));
}

function ipAddress(address: string): Buffer {
  return der(0x87, Buffer.from(address.split(".").map(Number)));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = Buffer.from(length.toString(16).padStart(length < 256 ? 2 : 4, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** GeneralizedTime. */
function time(at: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`));
}
