/** Are tiersync.yaml and the rules good? */
import { loadHome } from "../../config/load.ts";
import { CONFIG_FILE } from "../../config/paths.ts";
import type { AgentConfig } from "../../config/types.ts";
import { counted } from "../../model/counted.ts";
import { type Finding, formatFinding } from "../../model/finding.ts";
import type { CheckResult } from "../../model/views.ts";
import { type RuleTestResult, runRuleTests } from "../../rules/rule-tests.ts";
import type { RuleSet } from "../../rules/types.ts";
import { fail, ok, warn } from "./result.ts";

export interface CheckedFiles {
  readonly checks: readonly CheckResult[];
  /** Null when broken. */
  readonly config: AgentConfig | null;
  readonly rules: RuleSet | null;
}

export function checkFiles(home: string, now: number): CheckedFiles {
  const { config, rules, findings, files } = loadHome(home);
  const aboutConfig = findings.filter(({ file }) => file === CONFIG_FILE);
  const aboutRules = findings.filter(({ file }) => file !== CONFIG_FILE);
  const checks = [...aboutConfig.map((finding) => told("config.read", finding))];
  if (config !== null) {
    checks.push(ok("config.read", null, `tiersync.yaml is good: ${counted(config.tenants.length, "tenant")}`));
  }
  checks.push(...aboutRules.map((finding) => told("rules.read", finding)));
  if (rules !== null) {
    const count = rules.files.reduce((total, file) => total + file.rules.length, 0);
    checks.push(
      ok("rules.read", null, `${counted(count, "rule")} in ${counted(files.rules.length, "file")}: all good`),
    );
  }
  if (config !== null && rules !== null) checks.push(...checkRuleTests(config, rules, now));
  return { checks, config, rules };
}

function told(id: string, finding: Finding): CheckResult {
  const text = formatFinding(finding);
  if (finding.level === "warning") return warn(id, null, text, "nothing stops because of it");
  const missing = finding.file === CONFIG_FILE && finding.line === 0;
  const hint = missing ? "name the home folder with --home, or write the first files with `tiersync init`" : MEND;
  return fail(id, null, text, hint);
}

const MEND = "mend this place; `tiersync rules schema` writes the schemas by which editors check while you type";

function checkRuleTests(config: AgentConfig, rules: RuleSet, now: number): CheckResult[] {
  const results = runRuleTests(rules, { tenants: config.tenants, mailboxSettings: config.mailboxSettings, now });
  const wrong = results.filter(({ passed }) => !passed);
  if (results.length === 0) return [ok("rules.test", null, "no tests in the rule files")];
  if (wrong.length === 0) return [ok("rules.test", null, `${counted(results.length, "test")} passed`)];
  return wrong.map(({ name, file, line, expected, actual, tenant, detail }: RuleTestResult) =>
    fail(
      "rules.test",
      tenant,
      `${file}:${line} "${name}": expected ${expected ?? "no tier"}, got ${actual ?? "no tier"} (${detail})`,
      "correct the rule or the test: `tiersync rules test`",
    ),
  );
}
