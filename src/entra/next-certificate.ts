/**
 * The certificate that is to follow the present one. It is offered to Entra once a cycle, one request each time, until Entra takes
 * it; nothing that goes wrong with it fails a cycle, because the present one still signs.
 */
import { type AgentError, toAgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { readCertificate } from "./certificate.ts";

export interface NextCertificate {
  /** PEM text with private key and certificate; null: there is none. */
  readonly read: () => Promise<string | null>;
  /** Entra took the one that was read: from now on it may be the present one. */
  readonly accepted: (next: { readonly pem: string; readonly sha1: string }) => Promise<void>;
}

/** What the token endpoint grants; lifetime in ms. */
export interface Grant {
  readonly token: string;
  readonly lifetime: number;
}

/** What Entra says to the next certificate. */
export type Offer =
  | { readonly kind: "none" }
  | { readonly kind: "taken"; readonly pem: string; readonly sha1: string; readonly grant: Grant }
  | { readonly kind: "refused"; readonly sha1: string; readonly error: AgentError }
  /** It cannot be read, or Entra could not be asked. */
  | { readonly kind: "failed"; readonly error: AgentError };

/** Signs with the certificate and asks for a token. Throws when there is no answer of Entra's. */
export type AskWith = (pem: string) => Promise<{ readonly grant: Grant } | { readonly refusal: AgentError }>;

/** Makes at most one request, and none when there is no next certificate. Never throws; changes nothing. */
export async function offer(next: NextCertificate | undefined, ask: AskWith): Promise<Offer> {
  try {
    const pem = (await next?.read()) ?? null;
    if (pem === null) return { kind: "none" };
    const { sha1 } = readCertificate(pem);
    const answer = await ask(pem);
    if ("refusal" in answer) return { kind: "refused", sha1, error: answer.refusal };
    return { kind: "taken", pem, sha1, grant: answer.grant };
  } catch (error) {
    return { kind: "failed", error: toAgentError(error) };
  }
}

/** Offers the next certificate when a cycle begins, and lets it be switched to. */
export function createSuccession(next: NextCertificate | undefined, logger: Logger) {
  let told = "";
  const tell = (sha1: string | null, { code, message, facts, retryable }: AgentError): void => {
    // Said once, not every cycle; what passes by itself, the present certificate meets too.
    const what = JSON.stringify([sha1, code, facts["aadsts"] ?? message]);
    if (retryable || told === what) return;
    told = what;
    logger.warn("the next certificate cannot be used: {message}", { thumbprint: sha1, code, message });
  };

  return {
    /** What Entra granted if it took the next certificate; else null. Never throws. */
    async attempt(ask: AskWith): Promise<Grant | null> {
      const made = await offer(next, ask);
      if (made.kind === "failed") tell(null, made.error);
      if (made.kind === "refused") {
        const { sha1, error } = made;
        // Until it is uploaded that is how it must be.
        if (error.facts["aadsts"] !== "AADSTS700027") tell(sha1, error);
        else logger.debug("Entra does not know the next certificate {thumbprint} yet", { thumbprint: sha1 });
      }
      if (made.kind !== "taken") return null;
      try {
        await next?.accepted({ pem: made.pem, sha1: made.sha1 });
      } catch (error) {
        tell(made.sha1, toAgentError(error));
      }
      return made.grant;
    },
  };
}
