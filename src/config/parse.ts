/** tiersync.yaml and the rule files, from text to values: every finding of every file at once. */
import type { Finding } from "../model/finding.ts";
import { checkRules } from "../rules/check.ts";
import { compareFindings } from "../rules/findings.ts";
import { readRules } from "../rules/parse.ts";
import { checkShape } from "../rules/shapes.ts";
import type { Parsed, RuleSet, SourceFile } from "../rules/types.ts";
import { readYaml } from "../rules/yaml-source.ts";
import { crossCheck } from "./cross-checks.ts";
import { CONFIG_FILE } from "./paths.ts";
import { plainSecrets } from "./plain-secrets.ts";
import { resolveConfig } from "./resolve.ts";
import { roughContext } from "./rough-context.ts";
import { configSchema } from "./schema.ts";
import type { AgentConfig } from "./types.ts";

/** The texts of a home folder: what is kept as the last good set. */
export interface HomeFiles {
  /** Null: there is no tiersync.yaml that can be read; `findings` says why. */
  readonly config: SourceFile | null;
  /** Sorted by path. */
  readonly rules: readonly SourceFile[];
  /** What could not be read. */
  readonly findings: readonly Finding[];
}

export interface Home {
  /** Null when any finding in it is an error. */
  readonly config: AgentConfig | null;
  /** Null when any finding in the rules, or between rules and configuration, is an error. */
  readonly rules: RuleSet | null;
  /** Everything that is to be said, by file and line. */
  readonly findings: readonly Finding[];
}

/** `home`: absolute folder that paths in the configuration resolve against. */
export function parseConfig(file: SourceFile, home: string): Parsed<AgentConfig> {
  const source = readYaml(file);
  if (source.findings.length > 0) return { value: null, findings: source.findings };
  if (source.data === null || source.data === undefined) {
    return {
      value: null,
      findings: [{ level: "error", ...source.at([]), message: "the file is empty; see `tiersync init`" }],
    };
  }
  const { output, findings: shape } = checkShape(configSchema, source.data, source, []);
  const plain = plainSecrets(source);
  const findings = [...shape, ...crossCheck(source), ...plain.findings].sort(compareFindings);
  const broken = output === null || hasError(findings);
  return { value: broken ? null : resolveConfig(output, home, plain.remarks), findings };
}

/** Configuration, rules, and what can be said of the two together. */
export function parseHome(files: HomeFiles, home: string): Home {
  const config = files.config === null ? { value: null, findings: [] } : parseConfig(files.config, home);
  const { ruleSet, findings } = readRules(files.rules);
  const unread = files.findings.filter(({ file }) => file !== CONFIG_FILE);
  const context = config.value ?? (files.config === null ? null : roughContext(readYaml(files.config).data));
  const between = context === null ? [] : checkRules(ruleSet, context);
  const aboutRules = [...unread, ...findings, ...between];
  return {
    config: config.value,
    rules: hasError(aboutRules) ? null : ruleSet,
    findings: [...files.findings, ...config.findings, ...findings, ...between].sort(byFile),
  };
}

export function hasError(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === "error");
}

/** tiersync.yaml first. */
function byFile(a: Finding, b: Finding): number {
  const config = Number(b.file === CONFIG_FILE) - Number(a.file === CONFIG_FILE);
  return config || compareFindings(a, b);
}
