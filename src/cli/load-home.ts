/** Configuration and rules as a one-shot command wants them: whole, or every finding at once and exit code 2. */
import { loadHome } from "../config/load.ts";
import type { AgentConfig, TenantConfig } from "../config/types.ts";
import { AgentError } from "../errors.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import { plainText } from "../model/plain-text.ts";
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
  throw new AgentError("ERR_CONFIG", errors.map((finding) => plainText(formatFinding(finding))).join("\n"), {
    ...(fresh ? { hint: "name the home folder with --home, or write the first files with `tiersync init`" } : {}),
    facts: { errors: errors.length },
  });
}

/** The tenants a command is about. Throws `AgentError` `ERR_USAGE` for a name that is not in tiersync.yaml. */
export function selectTenants(config: AgentConfig, name: string | undefined): readonly TenantConfig[] {
  if (name === undefined) return config.tenants;
  const names = config.tenants.map((tenant) => tenant.name);
  const chosen = knownTenant(names, name, "in tiersync.yaml");
  return config.tenants.filter((tenant) => tenant.name === chosen);
}

/** The name as it is written in `names`, whatever the case it was typed in. Throws `ERR_USAGE`; `where`: what the names come from. */
export function knownTenant(names: readonly string[], typed: string, where: string): string {
  const found = names.find((name) => name.toLowerCase() === typed.toLowerCase());
  if (found !== undefined) return found;
  throw new AgentError("ERR_USAGE", `there is no tenant "${typed}" ${where}${suggestion(typed, names)}`, {
    hint: names.length === 0 ? "see `tenants:` in tiersync.yaml" : `there are: ${names.join(", ")}`,
  });
}
