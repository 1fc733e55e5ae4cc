import { describe, expect, test } from "bun:test";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readCertificate } from "../../src/entra/certificate.ts";
import { createCertificate } from "../../src/entra/self-signed.ts";
import { makeCertificate } from "../support/certificate.ts";

const now = Date.parse("2026-03-02T08:00:00Z");
const made = await createCertificate({ commonName: "tiersync contoso", bits: 2048, days: 365, now });
const other = await createCertificate({ commonName: "other", bits: 2048, days: 1, now });

describe("a made certificate", () => {
  test("is self-signed, for its key, with name and validity", () => {
    const certificate = new X509Certificate(made.certificatePem);
    expect(certificate.subject).toBe("CN=tiersync contoso");
    expect(certificate.issuer).toBe("CN=tiersync contoso");
    expect(certificate.verify(createPublicKey(made.certificatePem))).toBeTrue();
    expect(certificate.checkPrivateKey(createPrivateKey(made.privateKeyPem))).toBeTrue();
    expect(certificate.ca).toBeFalse();
    expect(Date.parse(certificate.validTo)).toBe(made.expiresAt);
    expect(made.expiresAt - now).toBe(365 * 86_400_000 - 60_000);
    expect(certificate.fingerprint256.replaceAll(":", "")).toBe(made.sha256);
    expect(certificate.fingerprint.replaceAll(":", "")).toBe(made.sha1);
    expect(new Uint8Array(certificate.raw)).toEqual(new Uint8Array(made.certificateDer));
  });

  test("has its own serial number, and dates past 2049 that others can read", async () => {
    const late = await createCertificate({ commonName: "Société Générale", bits: 2048, days: 40 * 365, now });
    const certificate = new X509Certificate(late.certificatePem);
    expect(Date.parse(certificate.validTo)).toBe(late.expiresAt);
    expect(certificate.subject).toBe("CN=Société Générale");
    expect(certificate.serialNumber).not.toBe(new X509Certificate(made.certificatePem).serialNumber);
  });
});

describe("reading the credential file", () => {
  test("takes key and certificate in any order, PKCS#8 or PKCS#1", () => {
    const pkcs1 = createPrivateKey(made.privateKeyPem).export({ type: "pkcs1", format: "pem" }).toString();
    for (const pem of [
      made.privateKeyPem + made.certificatePem,
      `Bag Attributes\n${made.certificatePem}\r\n${pkcs1}`,
    ]) {
      const { sha1, x5tS256, x5t, expiresAt } = readCertificate(pem);
      expect(sha1).toBe(made.sha1);
      expect(Buffer.from(x5t, "base64url").toString("hex").toUpperCase()).toBe(made.sha1);
      expect(Buffer.from(x5tS256, "base64url").toString("hex").toUpperCase()).toBe(made.sha256);
      expect(expiresAt).toBe(made.expiresAt);
    }
  });

  test("takes the certificate of a chain that belongs to the key", () => {
    const pem = `${other.certificatePem}\n${made.certificatePem}\n${made.privateKeyPem}`;
    expect(readCertificate(pem).sha1).toBe(made.sha1);
  });

  const broken: readonly [string, string, string][] = [
    ["a key of another certificate", made.privateKeyPem + other.certificatePem, "do not belong together"],
    ["a key too short to sign", makeCertificate({ bits: 1024 }).pem, "has 1024 bits, and signing takes 2048 or more"],
    ["no key", made.certificatePem, "no PEM private key"],
    ["no certificate", made.privateKeyPem, "no PEM certificate"],
    ["nothing", "", "no PEM private key"],
    ["a key that is cut", `${made.privateKeyPem.replace(/MII.{200}/s, "MII")}${made.certificatePem}`, "cannot be read"],
    [
      "a protected key",
      `${createPrivateKey(made.privateKeyPem).export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })}${made.certificatePem}`,
      "passphrase",
    ],
  ];
  test.each(broken)("refuses %s, and never quotes the key", (_, pem, says) => {
    let thrown: unknown;
    try {
      readCertificate(pem);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_CREDENTIAL", message: expect.stringContaining(says) });
    expect(String(thrown)).not.toContain("MII");
  });
});
