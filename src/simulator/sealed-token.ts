/** Opaque page and delta tokens: readable by this simulator only, refused when changed or used with another query. */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";

const SECRET = randomBytes(16);

export function seal(payload: unknown): string {
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${body}.${mac(body)}`;
}

/** Null when the token was not made by `seal` in this process. */
export function unseal(token: string): unknown {
  const [body = "", signature] = token.split(".");
  if (signature !== mac(body)) return null;
  return JSON.parse(Buffer.from(body, "base64url").toString());
}

/** A short fingerprint of a query, to bind a token to it. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

function mac(body: string): string {
  return createHash("sha256").update(SECRET).update(body).digest("base64url").slice(0, 22);
}
