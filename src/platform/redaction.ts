/** What must never be readable in a log, an error or any other output. */
import { JWT_PATTERN, type RedactionPattern } from "@logtape/redaction";

const GONE = "[redacted]";

/** Names of properties whose values are secrets whatever they look like. */
export const SECRET_FIELDS: RegExp[] = [
  /^(?:client)?[-_]?(?:secret|assertion)$/i,
  /^(?:access|refresh|id|bearer|api)?[-_]?token$/i,
  /^(?:pass(?:word|phrase|wd)|authorization|cookie|api[-_]?key|private[-_]?key|pem|pfx)$/i,
];

/** Replaces the value of a secret field. */
export const redactValue = (): string => GONE;

/** What secrets look like in free text. None of them crosses a double quote: a JSON line stays a JSON line. */
export const SECRET_PATTERNS: readonly RedactionPattern[] = [
  {
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|(?=")|$)/g,
    replacement: `${GONE} private key`,
  },
  JWT_PATTERN,
  { pattern: /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, replacement: `$1 ${GONE}` },
  {
    pattern:
      // The place in a finding (tiersync.yaml:5:18 a.b.clientSecret:) is followed by what is wrong there, not by a value.
      /(?<!\.ya?ml:\d+:\d+ [\w.[\]-]*)\b(client_?secret|client_?assertion|access_?token|refresh_?token|id_?token|password|passphrase|api_?key)\b(\\?["']?\s*[=:]\s*\\?["']?)(?!\[redacted\]|env:|file:|secret:)[^\s"'&,;}\\]+/gi,
    replacement: `$1$2${GONE}`,
  },
  { pattern: /(:\/\/)[^\s/:@"]+:[^\s/@"]+@/g, replacement: `$1${GONE}@` },
];

/** Text without private keys, tokens, passwords and secrets. */
export function redactText(text: string): string {
  return SECRET_PATTERNS.reduce(
    (rest, { pattern, replacement }) =>
      typeof replacement === "string" ? rest.replace(pattern, replacement) : rest.replace(pattern, replacement),
    text,
  );
}
