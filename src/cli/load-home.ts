/** Configuration and rules as a one-shot command wants them: whole, or every finding at once and exit code 2. */
import { brokenHome } from "../config/broken-home.ts";
import { loadHome } from "../config/load.ts";
import type { AgentConfig } from "../config/types.ts";
import type { Finding } from "../model/finding.ts";
import type { RuleSet } from "../rules/types.ts";

export interface GoodHome {
  readonly config: AgentConfig;
  readonly rules: RuleSet;
  readonly warnings: readonly Finding[];
}

/** Throws `AgentError` `ERR_CONFIG`, whose message lists every error on a line of its own. */
export function loadGoodHome(home: string): GoodHome {
  const { config, rules, findings } = loadHome(home);
  if (config !== null && rules !== null) return { config, rules, warnings: findings };
  throw brokenHome(findings);
}
