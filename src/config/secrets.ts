/** References to secrets: the configuration names them, and they are read when they are needed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentError } from "../errors.ts";
import { assertPrivate } from "../platform/protect.ts";
import { isInside, resolvePath } from "./paths.ts";
import { decodeText } from "./read-text.ts";

export type SecretRef =
  | { readonly kind: "env"; readonly name: string }
  /** `path` as written. */
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "secret"; readonly name: string }
  /** The secret itself stands in the file. */
  | { readonly kind: "plain"; readonly value: string };

/** Names that `secret set` takes: they become file names. */
export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const REFERENCE = /^(env|file|secret):\s*(.*)$/is;

/** Null when it begins like a reference but names nothing usable. */
export function parseSecretRef(text: string): SecretRef | null {
  const match = REFERENCE.exec(text);
  if (match === null) return text.trim() === "" ? null : { kind: "plain", value: text };
  const [, kind = "", rest = ""] = match;
  const name = rest.trim();
  switch (kind.toLowerCase()) {
    case "env":
      return /^[^\s=]+$/.test(name) ? { kind: "env", name } : null;
    case "file":
      return name === "" ? null : { kind: "file", path: name };
    default:
      return SECRET_NAME.test(name) ? { kind: "secret", name } : null;
  }
}

/** As the configuration writes it; never the value. */
export function formatSecretRef(ref: SecretRef): string {
  switch (ref.kind) {
    case "file":
      return `file:${ref.path}`;
    case "plain":
      return "the plain secret in tiersync.yaml";
    default:
      return `${ref.kind}:${ref.name}`;
  }
}

export interface SecretSources {
  /** Absolute. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens what `secret set NAME` has put into keys/; throws when there is none. */
  readonly openSecret: (name: string) => string | Promise<string>;
  /** Told what looks like a slip (spaces or quotes around the value); never the value. */
  readonly warn?: (message: string) => void;
}

/** The secret itself, read afresh. Throws `AgentError` `ERR_SECRET` that names the reference. */
export async function resolveSecret(ref: SecretRef, sources: SecretSources): Promise<string> {
  const text = await readSecret(ref, sources);
  const line = text.replace(/^\ufeff/, "").replace(/[\r\n]+$/, "");
  const value = line.trim();
  if (value === "") throw failure(ref, "is empty");
  if (value !== line) sources.warn?.(`${formatSecretRef(ref)} has spaces around it; they are left out`);
  if (/^(["']).*\1$/s.test(value))
    sources.warn?.(`${formatSecretRef(ref)} has quotes around it; they are taken as part of it`);
  return value;
}

const LARGEST = 65_536;

async function readSecret(ref: SecretRef, { home, env, openSecret }: SecretSources): Promise<string> {
  switch (ref.kind) {
    case "plain":
      return ref.value;
    case "env": {
      const value = env[ref.name];
      if (value === undefined) throw failure(ref, "is not set in the agent's environment");
      return value;
    }
    case "file": {
      const path = resolvePath(home, ref.path);
      const bytes = await readFile(path).catch((error: unknown) => {
        throw failure(ref, `cannot be read (${path}: ${fsReason(error)})`, error);
      });
      // Elsewhere somebody else decides who may read it: what containers are given is often open to all.
      if (isInside(join(home, "keys"), path)) assertPrivate(path);
      if (bytes.length > LARGEST) throw failure(ref, `is too large for a secret (${path})`);
      const text = decodeText(bytes);
      if (text === null) throw failure(ref, `is no text in UTF-8 or UTF-16 (${path})`);
      return text;
    }
    case "secret":
      try {
        return await openSecret(ref.name);
      } catch (error) {
        if (error instanceof AgentError) {
          if (error.facts["errno"] !== "ENOENT") throw error;
          throw failure(ref, "was never set here", error, `store it: \`tiersync secret set ${ref.name}\``);
        }
        throw failure(ref, `cannot be opened (${fsReason(error)}); set it: tiersync secret set ${ref.name}`, error);
      }
  }
}

function failure(ref: SecretRef, problem: string, cause?: unknown, hint?: string): AgentError {
  return new AgentError("ERR_SECRET", `${formatSecretRef(ref)} ${problem}`, {
    ...(hint === undefined ? {} : { hint }),
    facts: { reference: formatSecretRef(ref) },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The system's code alone: a message may quote more. */
function fsReason(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ENOENT" ? "there is no such file" : typeof code === "string" ? code : "it failed";
}
