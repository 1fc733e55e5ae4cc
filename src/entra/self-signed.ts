/** Makes an RSA key and a self-signed certificate in-process: X.509 v3 in DER (RFC 5280 §4.1), sha256WithRSAEncryption. */
import { createSign, generateKeyPair, randomBytes, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import { thumbprints } from "./certificate.ts";

export interface NewCertificate {
  /** PKCS#8. */
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly certificateDer: Uint8Array;
  /** Hex, upper-case. */
  readonly sha1: string;
  readonly sha256: string;
  /** Epoch ms. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

export interface NewCertificateOptions {
  readonly commonName: string;
  readonly bits: 2048 | 3072 | 4096;
  readonly days: number;
  /** Epoch ms. */
  readonly now: number;
}

const OID = {
  commonName: "550403",
  sha256WithRsa: "2a864886f70d01010b",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
};

/** A new key and its certificate, valid from a minute ago (clocks differ) for `days`. */
export async function createCertificate(options: NewCertificateOptions): Promise<NewCertificate> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: options.bits });
  const notBefore = Math.floor(options.now / 1000) * 1000 - 60_000;
  const expiresAt = notBefore + options.days * 86_400_000;
  const name = sequence(set(sequence(oid(OID.commonName), der(0x0c, Buffer.from(options.commonName, "utf8")))));
  const algorithm = sequence(oid(OID.sha256WithRsa), der(0x05));
  const extensions = sequence(
    // CA: false, and digitalSignature as the only use.
    sequence(oid(OID.basicConstraints), der(0x01, Buffer.of(0xff)), octets(sequence())),
    sequence(oid(OID.keyUsage), der(0x01, Buffer.of(0xff)), octets(der(0x03, Buffer.of(7, 0x80)))),
  );
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(serialNumber()),
    algorithm,
    name,
    sequence(time(notBefore), time(expiresAt)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = createSign("sha256").update(body).sign(privateKey);
  const certificate = new X509Certificate(sequence(body, algorithm, der(0x03, Buffer.of(0), signature)));
  const { sha1, sha256 } = thumbprints(certificate.raw);
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    certificatePem: certificate.toString(),
    certificateDer: certificate.raw,
    sha1,
    sha256,
    notBefore,
    expiresAt,
  };
}

/** 16 random bytes; positive and without a leading zero, as DER wants it. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: Uint8Array[]): Buffer => der(0x31, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const integer = (bytes: Uint8Array): Buffer => der(0x02, bytes);
const octets = (content: Uint8Array): Buffer => der(0x04, content);

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+Z$/g, "");
  const general = Number(digits.slice(0, 4)) >= 2050;
  return der(general ? 0x18 : 0x17, Buffer.from(`${general ? digits : digits.slice(2)}Z`, "ascii"));
}
