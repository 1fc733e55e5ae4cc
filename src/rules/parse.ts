/** Rule files to rules as data: every finding of every file at once, each with its place. */
import type { Finding } from "../model/finding.ts";
import { compareFindings, errorAt } from "./findings.ts";
import { parseRule } from "./parse-rule.ts";
import { parseTest } from "./parse-test.ts";
import { ruleFrameSchema } from "./schema.ts";
import { checkShape, hasKey } from "./shapes.ts";
import type { Position, RuleFile, RuleSet, SourceFile } from "./types.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

/** What can be understood of the files, for checks that look for further findings, with what was found so far. */
export function readRules(files: readonly SourceFile[]): { ruleSet: RuleSet; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const parsed = files.map((file) => readFile(readYaml(file), findings)).filter((file) => file !== null);
  return { ruleSet: { files: parsed, fingerprint: fingerprint(parsed) }, findings: findings.sort(compareFindings) };
}

function readFile(source: YamlSource, findings: Finding[]): RuleFile | null {
  findings.push(...source.findings);
  if (source.findings.length > 0) return null;
  if (source.data === null || source.data === undefined) {
    findings.push({ level: "error", ...source.at([]), message: "the file is empty; a rule file has `rules:`" });
    return null;
  }
  const { output, findings: found } = checkShape(ruleFrameSchema, source.data, source, []);
  findings.push(...found);
  const raw = source.data as { rules?: unknown; tests?: unknown };
  const rules = list(raw.rules).flatMap((rule, i) => parseRule(rule, source, i, findings) ?? []);
  const tests = list(raw.tests).flatMap((test, i) => parseTest(test, source, i, findings) ?? []);
  findings.push(...repeated(raw.rules, "rules", source), ...repeated(raw.tests, "tests", source));
  return {
    path: source.file,
    description: output?.description ?? null,
    enabled: output?.enabled ?? true,
    tenants: output?.tenants ?? null,
    tenantsAt: (output?.tenants ?? []).map((_, i) => source.at(["tenants", i])),
    rules,
    tests,
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Looks at what is written, so that what else is wrong with a rule does not hide its name. */
function repeated(raw: unknown, key: "rules" | "tests", source: YamlSource): Finding[] {
  const seen = new Map<string, Position>();
  return list(raw).flatMap((item, index): Finding[] => {
    const name = hasKey(item, "name") ? (item as { name: unknown }).name : null;
    if (typeof name !== "string") return [];
    const at = source.at([key, index, "name"]);
    const first = seen.get(name.toLowerCase());
    if (first === undefined) seen.set(name.toLowerCase(), at);
    return first === undefined ? [] : [errorAt(at, `"${name}" is the name of line ${first.line} too`)];
  });
}

function fingerprint(files: readonly RuleFile[]): string {
  const meaning = files
    .filter(({ enabled }) => enabled)
    .map(({ tenants, rules }) => [
      tenants,
      rules.map(({ nameAt: _name, tierAt: _tier, description: _text, ...rule }) => rule),
    ]);
  return JSON.stringify(meaning, (key, value) => {
    if (key === "at") return undefined;
    return value instanceof Set ? [...value].sort() : value;
  });
}
