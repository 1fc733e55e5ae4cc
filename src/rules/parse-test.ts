/** One of a rule file's tests. */
import type { Finding } from "../model/finding.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { errorAt } from "./findings.ts";
import { type Scalar, scalarFor } from "./parse-rule.ts";
import { testSchema } from "./schema.ts";
import { checkShape } from "./shapes.ts";
import type { RuleTest } from "./types.ts";
import type { YamlSource } from "./yaml-source.ts";

interface TestUser extends Readonly<Record<string, Scalar | null | readonly string[] | undefined>> {
  readonly groups?: readonly string[] | undefined;
}

/** Null when it is broken; `findings` says how. */
export function parseTest(raw: unknown, source: YamlSource, index: number, findings: Finding[]): RuleTest | null {
  const path = ["tests", index];
  const { output, findings: found } = checkShape(testSchema, raw, source, path);
  findings.push(...found);
  if (output === null) return null;
  const { groups, ...rest }: TestUser = output.user;
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest)) {
    const at = [...path, "user", name];
    const type = ATTRIBUTES.get(name)?.type ?? "text";
    if (type === "texts") {
      if (value !== null && !Array.isArray(value)) findings.push(errorAt(source.at(at), "a list is expected"));
      attributes[name] = value;
    } else if (typeof value === "object") {
      if (value !== null) findings.push(errorAt(source.at(at), "one value is expected, not a list"));
      attributes[name] = null;
    } else if (value !== undefined) {
      attributes[name] = scalarFor(type, value, source, at, findings);
    }
  }
  return {
    name: output.name,
    at: source.at(path),
    groups: groups ?? [],
    attributes,
    tier: output.tier?.toLowerCase() === "none" ? null : output.tier,
    tierAt: source.at([...path, "tier"]),
  };
}
