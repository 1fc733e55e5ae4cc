/** Verifies a client assertion as Entra does (RFC 7523 with Entra's certificate credentials). */
import { compactVerify, decodeJwt, decodeProtectedHeader } from "jose";
import type { RegisteredCertificate } from "./application.ts";
import type { ApplicationRecord } from "./tenant.ts";
import { TokenRefusal } from "./token-error.ts";

/** `jti` values seen, until they expire. */
export class ReplayMemory {
  readonly #seen = new Map<string, number>();

  /** False: seen before. `expires` and `now`: epoch seconds. */
  remember(jti: string, expires: number, now: number): boolean {
    for (const [old, until] of this.#seen) if (until < now) this.#seen.delete(old);
    if (this.#seen.has(jti)) return false;
    this.#seen.set(jti, expires);
    return true;
  }
}

export interface AssertionContext {
  readonly application: ApplicationRecord;
  /** The token URL that was called. */
  readonly audience: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly replays: ReplayMemory;
}

/** Resolves when the assertion is good. Throws `TokenRefusal`. */
export async function verifyAssertion(assertion: string, context: AssertionContext): Promise<void> {
  const { header, claims } = decode(assertion);
  const found = findCertificate(header, context.application.registered);
  const verified = await compactVerify(assertion, found.certificate.publicKey).catch(() => null);
  if (!verified) {
    throw new TokenRefusal(700027, reason("The key was found, but the signature does not fit", thumbprint(header)));
  }
  if (Date.parse(found.certificate.validTo) < context.now) {
    throw new TokenRefusal(700027, reason("The key used is expired", thumbprint(header)));
  }
  checkClaims(claims, context);
}

function decode(assertion: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  try {
    return { header: { ...decodeProtectedHeader(assertion) }, claims: decodeJwt(assertion) };
  } catch {
    throw new TokenRefusal(50027, "The client assertion is malformed.");
  }
}

function findCertificate(
  header: Record<string, unknown>,
  registered: readonly RegisteredCertificate[],
): RegisteredCertificate {
  const { alg } = header;
  if (alg !== "PS256" && alg !== "RS256") throw new TokenRefusal(50027, `Algorithm '${String(alg)}' is not supported.`);
  const found = registered.find(({ sha1, sha256 }) => header["x5t#S256"] === sha256 || header["x5t"] === sha1);
  if (!found) throw new TokenRefusal(700027, reason("The key was not found", thumbprint(header)));
  return found;
}

function checkClaims(claims: Record<string, unknown>, context: AssertionContext): void {
  const { aud, iss, sub, jti, nbf, exp } = claims;
  if (aud !== context.audience) throw new TokenRefusal(50027, "The audience is not this token endpoint.");
  if (iss !== sub) throw new TokenRefusal(50048);
  if (typeof iss !== "string" || iss.toLowerCase() !== context.application.clientId.toLowerCase()) {
    throw new TokenRefusal(50027, "The issuer is not the client id.");
  }
  if (typeof nbf !== "number" || typeof exp !== "number") throw new TokenRefusal(50027, "nbf or exp is missing.");
  const now = context.now / 1000;
  if (now < Math.floor(nbf) || now >= exp) {
    const [current, from, until] = [now, nbf, exp].map((seconds) => new Date(seconds * 1000).toISOString());
    const window = `Current time: ${current}, assertion valid from ${from}, expiry time of assertion ${until}.`;
    throw new TokenRefusal(700024, window);
  }
  if (typeof jti !== "string" || jti === "") throw new TokenRefusal(50027, "jti is missing.");
  if (!context.replays.remember(jti, exp, now)) throw new TokenRefusal(50027, "The client assertion was used before.");
}

function thumbprint(header: Record<string, unknown>): string {
  return String(header["x5t#S256"] ?? header["x5t"] ?? "");
}

function reason(text: string, print: string): string {
  return `[Reason - ${text}., Thumbprint of key used by client: '${print}']`;
}
