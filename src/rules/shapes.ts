/** Valibot schemas whose findings speak of one shape at a time, and their issues as findings with a place. */
import * as v from "valibot";
import type { Finding } from "../model/finding.ts";
import { suggestion } from "./nearest.ts";
import type { Path, YamlSource } from "./yaml-source.ts";

/** Valibot stops at an object's first unknown key; its message callback alone sees both the object and its schema. */
const knownKeys = new WeakMap<object, { readonly keys: readonly string[]; readonly advice: Advice }>();

/** What to say of certain unknown keys. */
export type Advice = Readonly<Record<string, string>>;

/** A block of keys: unknown keys and missing ones are findings. */
export function block<const E extends v.ObjectEntries>(entries: E, advice: Advice = {}) {
  return v.strictObject(entries, (issue) => {
    const parent = issue.path?.at(-1)?.input;
    if (typeof parent === "object" && parent !== null) knownKeys.set(parent, { keys: Object.keys(entries), advice });
    return "";
  });
}

/**
 * One of several shapes. A plain union would only say "invalid"; `pick` chooses by what is written, so that findings speak of the shape that
 * was meant; where it is none of them, it gives one that nothing fits and whose message says so. JSON Schema gets all of them.
 */
export function choose<const T extends readonly v.GenericSchema[]>(
  shapes: T,
  pick: (input: unknown) => T[number] | v.GenericSchema<unknown, never>,
): v.GenericSchema<v.InferInput<T[number]>, v.InferOutput<T[number]>> {
  const all = v.union(shapes);
  // What nothing fits has no part in the input either.
  return v.lazy((input) => (input === undefined ? all : (pick(input) as T[number])));
}

/** Whether `input` is a block that has `key`. */
export function hasKey(input: unknown, key: string): boolean {
  return typeof input === "object" && input !== null && Object.hasOwn(input, key);
}

/** What stands at `path` in raw data; undefined: nothing. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const key of path) value = hasKey(value, String(key)) ? (value as Record<string, unknown>)[key] : undefined;
  return value;
}

/** Checks `data` (the part of `source` at `base`) against `schema`. Output is null when there are findings. */
export function checkShape<S extends v.GenericSchema>(
  schema: S,
  data: unknown,
  source: YamlSource,
  base: Path,
): { output: v.InferOutput<S> | null; findings: Finding[] } {
  const result = v.safeParse(schema, data);
  if (result.success) return { output: result.output, findings: [] };
  const findings = result.issues.flatMap((issue) => issueFindings(issue, source, base));
  const seen = new Set<string>();
  return { output: null, findings: findings.filter((finding) => isNew(seen, `${finding.path}\n${finding.message}`)) };
}

function isNew(seen: Set<string>, key: string): boolean {
  return seen.size < seen.add(key).size;
}

function issueFindings(issue: v.BaseIssue<unknown>, source: YamlSource, base: Path): Finding[] {
  const last = issue.path?.at(-1);
  const path = [...base, ...(issue.path ?? []).map((item) => item.key as string | number)];
  const error = (position: ReturnType<YamlSource["at"]>, message: string): Finding => ({
    level: "error",
    ...position,
    message,
  });
  if (issue.type === "strict_object" && last?.origin === "key") {
    const parent = last.input as object;
    const { keys, advice } = knownKeys.get(parent) ?? { keys: [], advice: {} };
    const parentPath = path.slice(0, -1);
    if (Array.isArray(parent)) return [error(source.at(parentPath), "a block of keys is expected, not a list")];
    if (issue.expected !== "never") return [error(source.at(path), "is missing")];
    return Object.keys(parent)
      .filter((key) => !keys.includes(key))
      .map((key) => error(source.atKey([...parentPath, key]), advice[key] ?? `unknown key${hint(key, parent, keys)}`));
  }
  return [error(source.at(path), issueMessage(issue))];
}

function hint(key: string, parent: object, known: readonly string[]): string {
  const free = known.filter((name) => !Object.hasOwn(parent, name));
  return suggestion(key, free) || (known.length > 0 ? `; known here: ${known.join(", ")}` : "");
}

/** What is expected, in the words of someone who writes YAML. The value itself is not shown: it may be a secret. */
function issueMessage(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "picklist" || issue.type === "literal") {
    const names = [...(issue.expected ?? "").matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
    if (names.length > 0 && typeof issue.input === "string") {
      const list =
        names.length > 12 ? "is not known" : `must be ${names.length > 1 ? "one of " : ""}${names.join(", ")}`;
      const hint = suggestion(issue.input, names);
      return `${JSON.stringify(issue.input.slice(0, 60))} ${list}${hint.startsWith("; known") ? "" : hint}`;
    }
  }
  if (issue.kind === "schema" && (issue.message === "" || issue.message.startsWith("Invalid type"))) {
    const quotes = issue.type === "string" && ["number", "boolean"].includes(typeof issue.input);
    return `${expectedWords(issue)} is expected, not ${kindOf(issue.input)}${quotes ? "; put quotes around it" : ""}`;
  }
  return issue.message;
}

function expectedWords(issue: v.BaseIssue<unknown>): string {
  switch (issue.type) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "strict_object":
    case "record":
      return "a block of keys";
    default:
      return (issue.expected ?? "another value").replaceAll(/[()"]/g, "").replaceAll(" | ", ", ");
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
    case "bigint":
      return "a number";
    case "boolean":
      return String(value);
    default:
      return "a block of keys";
  }
}
