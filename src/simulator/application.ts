/** An app registration of a simulated tenant: who may ask for tokens, with what, and what was granted. */
import { createHash, X509Certificate } from "node:crypto";

/** The four application permissions that the agent is set up with. */
export const AGENT_ROLES = ["Group.Read.All", "GroupMember.Read.All", "MailboxSettings.Read", "User.Read.All"] as const;

export interface SimulatedSecret {
  readonly value: string;
  /** Epoch milliseconds; absent: never. */
  readonly expiresAt?: number;
}

export interface SimulatedApplication {
  readonly clientId: string;
  readonly displayName?: string;
  /** PEM certificates; a key in the same text is ignored. */
  readonly certificates?: readonly string[];
  readonly secrets?: readonly SimulatedSecret[];
  /** Granted application permissions; the agent's four when absent. A token keeps those of the time it was issued. */
  readonly roles?: readonly string[];
  /** disabled: AADSTS7000112; unknown: no service principal in the tenant, 7000229; public: 700025. */
  readonly state?: "enabled" | "disabled" | "unknown" | "public";
}

/** A certificate as uploaded to the app registration. */
export interface RegisteredCertificate {
  readonly certificate: X509Certificate;
  /** base64url of the SHA-1 of the DER form (`x5t`). */
  readonly sha1: string;
  /** base64url of the SHA-256 of the DER form (`x5t#S256`). */
  readonly sha256: string;
}

export function registerCertificates(pems: readonly string[]): readonly RegisteredCertificate[] {
  return pems.map((pem) => {
    const begin = pem.indexOf("-----BEGIN CERTIFICATE-----");
    const certificate = new X509Certificate(begin < 0 ? pem : pem.slice(begin));
    const digest = (algorithm: string) => createHash(algorithm).update(certificate.raw).digest("base64url");
    return { certificate, sha1: digest("sha1"), sha256: digest("sha256") };
  });
}
