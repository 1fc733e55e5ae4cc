/** Configuration and rules as a one-shot command wants them: whole, or every finding at once and exit code 2. */
import { loadHome } from "../config/load.ts";
import type { AgentConfig, TenantConfig } from "../config/types.ts";
import { AgentError } from "../errors.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import { suggestion } from "../rules/nearest.ts";
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
  const errors = findings.filter(({ level }) => level === "error");
  const fresh = errors.some(({ file, line }) => file === "tiersync.yaml" && line === 0);
  throw new AgentError("ERR_CONFIG", errors.map(formatFinding).join("\n"), {
    ...(fresh ? { hint: "name the home folder with --home, or write the first files with `tiersync init`" } : {}),
    facts: { errors: errors.length },
  });
}

/** The tenants a command is about. Throws `AgentError` `ERR_USAGE` for a name that is not in tiersync.yaml. */
export function selectTenants(config: AgentConfig, name: string | undefined): readonly TenantConfig[] {
  if (name === undefined) return config.tenants;
  const chosen = config.tenants.filter((tenant) => tenant.name.toLowerCase() === name.toLowerCase());
  if (chosen.length > 0) return chosen;
  const names = config.tenants.map((tenant) => tenant.name);
  throw new AgentError("ERR_USAGE", `there is no tenant "${name}" in tiersync.yaml${suggestion(name, names)}`, {
    hint: "see `tenants:` in tiersync.yaml",
  });
}
