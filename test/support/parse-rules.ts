import { readRules } from "../../src/rules/parse.ts";
import type { Parsed, RuleSet, SourceFile } from "../../src/rules/types.ts";

/** The rules of all files; null when any finding is an error. */
export function parseRules(files: readonly SourceFile[]): Parsed<RuleSet> {
  const { ruleSet, findings } = readRules(files);
  return { value: findings.some(({ level }) => level === "error") ? null : ruleSet, findings };
}
