/** What went wrong below HTTP, in few words: runtimes word it differently, and their texts bear whole addresses. */

/** Deno gives no codes, only sentences. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/connection refused/i, "ECONNREFUSED"],
  [/connection reset|connection closed|end of file|error reading a body/i, "ECONNRESET"],
  [/dns error|name or service not known|no such host/i, "ENOTFOUND"],
  [/certificate|UnknownIssuer/i, "certificate not trusted"],
];

/** `why`: `ECONNREFUSED`, `no answer in time` …; `hint`: null where the usual one serves. */
export function networkProblem(cause: unknown): { readonly why: string; readonly hint: string | null } {
  const why = reasonOf(cause);
  const certificate = /cert|verify|issuer/i.test(why);
  return {
    why,
    hint: certificate
      ? "if a proxy inspects TLS here, put its root certificate into a file and name it as `caFile:`"
      : null,
  };
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && cause.name === "TimeoutError") return "no answer in time";
  for (let error = cause; error instanceof Error; error = error.cause) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string") return code;
    const { message } = error;
    const phrase = PHRASES.find(([pattern]) => pattern.test(message));
    if (phrase !== undefined) return phrase[1];
  }
  return cause instanceof Error ? cause.name : "unknown error";
}
