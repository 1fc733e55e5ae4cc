/** The credential's PEM file: private key and certificate in any order, as `cert new` writes it. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { AgentError } from "../errors.ts";

export interface Certificate {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
  /** Hex, upper-case, as the Entra portal shows it. */
  readonly sha1: string;
  readonly sha256: string;
  /** base64url of the SHA-1 and SHA-256 of the DER: the JWT headers `x5t` and `x5t#S256` (RFC 7515 §4.1.7, §4.1.8). */
  readonly x5t: string;
  readonly x5tS256: string;
  /** Epoch ms. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;
/** Of an RSA key; bits (RFC 7518 §3.3 and §3.5). */
const SHORTEST = 2048;
const REMEDY =
  "make one with `tiersync cert new`, or put a PEM private key (PKCS#8 or PKCS#1) and its certificate into one file";

/**
 * Reads key (PKCS#8 or PKCS#1) and certificate from PEM text; of several certificates (a chain) the one that fits the key counts.
 * Throws `AgentError` `ERR_CREDENTIAL` when either is missing, unreadable, not RSA, too short to sign, or when they do not belong together.
 */
export function readCertificate(pem: string): Certificate {
  const blocks = [...pem.matchAll(BLOCK)].map((match) => ({ label: match[1] ?? "", text: match[0] }));
  const keyBlock = blocks.find((block) => block.label.endsWith("PRIVATE KEY"));
  const certificateBlocks = blocks.filter((block) => block.label === "CERTIFICATE");
  if (keyBlock === undefined) throw refuse("the credential file holds no PEM private key", REMEDY);
  if (keyBlock.label === "ENCRYPTED PRIVATE KEY" || keyBlock.text.includes("Proc-Type: 4,ENCRYPTED")) {
    throw refuse(
      "the private key in the credential file is protected by a passphrase",
      "store it without: openssl rsa -in key.pem",
    );
  }
  if (certificateBlocks.length === 0)
    throw refuse("the credential file holds no PEM certificate beside the private key", REMEDY);
  const key = parse("private key", () => createPrivateKey(keyBlock.text));
  if (key.asymmetricKeyType !== "rsa") {
    throw refuse(
      `the private key in the credential file is ${key.asymmetricKeyType ?? "unknown"}, Entra takes RSA`,
      REMEDY,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? SHORTEST;
  if (bits < SHORTEST) {
    throw refuse(
      `the private key in the credential file has ${bits} bits, and signing takes ${SHORTEST} or more`,
      "make one under another name with `tiersync cert new NAME`, upload its .crt to the app registration, and name it in tiersync.yaml",
    );
  }
  const certificates = certificateBlocks.map((block) => parse("certificate", () => new X509Certificate(block.text)));
  const certificate = certificates.find((candidate) => candidate.checkPrivateKey(key));
  if (certificate === undefined) {
    throw refuse(
      "the private key and the certificate in the credential file do not belong together",
      "put the certificate that was made with this key into the file, or make a new pair with `tiersync cert new`",
    );
  }
  return { key, certificate, ...thumbprints(certificate.raw), ...validity(certificate) };
}

/** Both thumbprints of a certificate's DER. */
export function thumbprints(der: Uint8Array): Pick<Certificate, "sha1" | "sha256" | "x5t" | "x5tS256"> {
  const sha1 = createHash("sha1").update(der).digest();
  const sha256 = createHash("sha256").update(der).digest();
  return {
    sha1: sha1.toString("hex").toUpperCase(),
    sha256: sha256.toString("hex").toUpperCase(),
    x5t: sha1.toString("base64url"),
    x5tS256: sha256.toString("base64url"),
  };
}

function validity(certificate: X509Certificate): Pick<Certificate, "notBefore" | "expiresAt"> {
  return { notBefore: Date.parse(certificate.validFrom), expiresAt: Date.parse(certificate.validTo) };
}

function parse<T>(noun: string, read: () => T): T {
  try {
    return read();
  } catch {
    // The parser's own message may quote the material.
    throw refuse(`the ${noun} in the credential file cannot be read`, REMEDY);
  }
}

function refuse(message: string, hint: string): AgentError {
  return new AgentError("ERR_CREDENTIAL", message, { hint });
}
