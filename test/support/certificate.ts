/** Self-signed certificates made at run time, for app registrations in tests. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";

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
  const name = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from("tiersync test"))))); // CN
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const validity = sequence(time(from), time(until));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const tbs = sequence(serial, algorithm, name, validity, name, spki);
  const signature = createSign("sha256").update(tbs).sign(privateKey);
  const certificate = sequence(tbs, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  const certificatePem = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  const thumbprint = (hash: string) => createHash(hash).update(certificate).digest("hex").toUpperCase();
  return {
    pem: `${keyPem}${certificatePem}`,
    keyPem,
    certificatePem,
    thumbprintSha1: thumbprint("sha1"),
    thumbprintSha256: thumbprint("sha256"),
  };
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
