/** One rule of a file. */
import type { Finding } from "../model/finding.ts";
import { ATTRIBUTES, type AttributeType } from "./attributes.ts";
import { errorAt } from "./findings.ts";
import { parseInstant } from "./instant.ts";
import { type ConditionInput, ruleSchema } from "./schema.ts";
import { checkShape } from "./shapes.ts";
import type { AttributeTest, Condition, GroupMention, IncludeKind, Rule } from "./types.ts";
import type { Path, YamlSource } from "./yaml-source.ts";

export type Scalar = string | number | boolean;

const INCLUDES = { guests: "guests", disabled: "disabled", sharedMailboxes: "sharedMailbox" } as const satisfies Record<
  string,
  IncludeKind
>;

/** Null when it is broken; `findings` says how. */
export function parseRule(raw: unknown, source: YamlSource, index: number, findings: Finding[]): Rule | null {
  const path = ["rules", index];
  const { output, findings: found } = checkShape(ruleSchema, raw, source, path);
  findings.push(...found);
  if (output === null) return null;
  const from = output.from === undefined ? null : parseInstant(output.from);
  const until = output.until === undefined ? null : parseInstant(output.until);
  if (from !== null && until !== null && until <= from) {
    findings.push(errorAt(source.at([...path, "until"]), "is not after `from`: the rule would never be in force"));
  }
  return {
    ref: { name: output.name, file: source.file, line: source.at(path).line },
    nameAt: source.at([...path, "name"]),
    tier: output.tier,
    tierAt: source.at([...path, "tier"]),
    priority: output.priority,
    when: condition(output.when, source, [...path, "when"], findings),
    from,
    until,
    include: new Set((output.include ?? []).map((kind) => INCLUDES[kind])),
    description: output.description ?? null,
  };
}

function condition(
  input: ConditionInput,
  source: YamlSource,
  path: Path,
  findings: Finding[],
): Condition<GroupMention> {
  const each = (inputs: readonly ConditionInput[], key: string) =>
    inputs.map((inner, i) => condition(inner, source, [...path, key, i], findings));
  if ("group" in input) return { kind: "group", group: mention(input.group, source, [...path, "group"]) };
  if ("all" in input) return { kind: "all", of: each(input.all, "all") };
  if ("any" in input) return { kind: "any", of: each(input.any, "any") };
  if ("not" in input) return { kind: "not", of: condition(input.not, source, [...path, "not"], findings) };
  const type = ATTRIBUTES.get(input.attribute)?.type ?? "text";
  const test = attributeTest(input, type, source, path, findings);
  return { kind: "attribute", attribute: input.attribute, test, at: source.at([...path, "attribute"]) };
}

function mention(
  input: string | { id: string } | { name: string; anywhere?: boolean | undefined },
  source: YamlSource,
  path: Path,
): GroupMention {
  const at = source.at(path);
  if (typeof input === "string") return { name: input.trim(), id: null, anywhere: false, at };
  if ("id" in input) return { name: null, id: input.id.toLowerCase(), anywhere: true, at };
  return { name: input.name.trim(), id: null, anywhere: input.anywhere ?? false, at };
}

function attributeTest(
  input: Extract<ConditionInput, { attribute: string }>,
  type: AttributeType,
  source: YamlSource,
  path: Path,
  findings: Finding[],
): AttributeTest {
  const value = (raw: Scalar, at: Path) => scalarFor(type, raw, source, at, findings);
  if (input.equals !== undefined) return { op: "equals", value: value(input.equals, [...path, "equals"]) };
  if (input.in !== undefined) return { op: "in", values: input.in.map((raw, i) => value(raw, [...path, "in", i])) };
  if (input.like !== undefined) {
    if (type === "boolean")
      findings.push(errorAt(source.at([...path, "like"]), `${input.attribute} is true or false: use equals`));
    return { op: "like", pattern: input.like };
  }
  return { op: "exists", value: input.exists ?? true };
}

/** YAML reads 00123 as a number; for a text attribute it is the text as written that counts. */
export function scalarFor(
  type: AttributeType,
  raw: Scalar,
  source: YamlSource,
  path: Path,
  findings: Finding[],
): Scalar {
  if (type === "boolean") {
    if (typeof raw !== "boolean") findings.push(errorAt(source.at(path), "true or false is expected"));
    return raw;
  }
  return typeof raw === "string" ? raw : (source.written(path) ?? String(raw));
}
