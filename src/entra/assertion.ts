/** The signed statement that proves who the agent is to Entra ("Microsoft identity platform application authentication certificate credentials"). */
import { SignJWT } from "jose";
import type { Certificate } from "./certificate.ts";
import type { AssertionAlgorithm } from "./options.ts";

/** Seconds that an assertion may be used for. */
const LIFETIME = 300;

export interface AssertionOptions {
  readonly certificate: Certificate;
  readonly algorithm: AssertionAlgorithm;
  readonly clientId: string;
  /** The very token URL that is called: `aud`. */
  readonly tokenUrl: string;
  /** Epoch ms. */
  readonly now: number;
}

/** A fresh client assertion (RFC 7523): new `jti` each time, 5 minutes of life. */
export function signAssertion(options: AssertionOptions): Promise<string> {
  const { certificate, algorithm, clientId, tokenUrl } = options;
  const issued = Math.floor(options.now / 1000);
  const thumbprint = algorithm === "PS256" ? { "x5t#S256": certificate.x5tS256 } : { x5t: certificate.x5t };
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm, typ: "JWT", ...thumbprint })
    .setAudience(tokenUrl)
    .setIssuer(clientId)
    .setSubject(clientId)
    .setJti(crypto.randomUUID())
    .setNotBefore(issued)
    .setIssuedAt(issued)
    .setExpirationTime(issued + LIFETIME)
    .sign(certificate.key);
}
