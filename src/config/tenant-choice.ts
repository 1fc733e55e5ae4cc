/** `--tenant NAME`: one of the tenants of tiersync.yaml, and a configuration that is about that one alone. */
import { AgentError } from "../errors.ts";
import { suggestion } from "../rules/nearest.ts";
import type { AgentConfig, TenantConfig } from "./types.ts";

/** The tenants a command is about. Throws `AgentError` `ERR_USAGE` for a name that is not in tiersync.yaml. */
export function selectTenants(config: AgentConfig, name: string | undefined): readonly TenantConfig[] {
  return name === undefined ? config.tenants : onlyTenant(config, configuredTenant(config, name)).tenants;
}

/** The name as tiersync.yaml has it. Throws `ERR_USAGE`. */
export function configuredTenant({ tenants }: AgentConfig, typed: string): string {
  const names = tenants.map(({ name }) => name);
  return knownTenant(names, typed, "in tiersync.yaml");
}

/** The name as it is written in `names`, whatever the case it was typed in. Throws `ERR_USAGE`; `where`: what the names come from. */
export function knownTenant(names: readonly string[], typed: string, where: string): string {
  const found = names.find((name) => name.toLowerCase() === typed.toLowerCase());
  if (found !== undefined) return found;
  throw new AgentError("ERR_USAGE", `there is no tenant "${typed}" ${where}${suggestion(typed, names)}`, {
    hint: names.length === 0 ? "see `tenants:` in tiersync.yaml" : `there are: ${names.join(", ")}`,
  });
}

/** Without the other tenants; `tenantsInFile` goes on naming them, so that nobody takes theirs for a renamed tenant's. */
export function onlyTenant(config: AgentConfig, name: string): AgentConfig {
  return { ...config, tenants: config.tenants.filter((tenant) => tenant.name === name) };
}
