/** Do Entra and Graph let the agent in, and are the groups there? Asks them; changes nothing. */
import type { Agent } from "../../agent.ts";
import type { AgentConfig, TenantConfig } from "../../config/types.ts";
import type { AgentError } from "../../errors.ts";
import type { CheckResult } from "../../model/views.ts";
import { checkGroups } from "./groups.ts";
import { checkNextCertificate } from "./next-certificate.ts";
import { fail, failed, ok, warn } from "./result.ts";
import { wayTo } from "./way.ts";

/** Beyond this, purges are suspended. */
const TOLERATED_SKEW = 5 * 60 * 1000;
/** Longest time for all questions of one tenant; ms. */
const PATIENCE = 60_000;

export interface DirectoryContext {
  readonly agent: Agent;
  readonly config: AgentConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stop: AbortSignal;
}

export async function checkDirectory(tenant: TenantConfig, context: DirectoryContext): Promise<CheckResult[]> {
  const { agent, config, stop } = context;
  const { name, cloud } = tenant;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)]);
  const probe = probeOf(agent, name);
  if (!probe.ok) return [failed("token", name, probe.error)];
  const next = checkNextCertificate(name, await probe.value.next(signal));
  const token = await probe.value.token({ mailboxes: config.mailboxSettings, signal });
  if (!token.ok) return [...next, networkFailure("token", name, token.error, cloud.authority, context)];
  const { roles, missing, excess, skew } = token.value;
  const checks = [
    ...next,
    ok("token", name, `${new URL(cloud.authority).host} gave a token`),
    ...clock(name, skew),
    ...permissions(name, roles, missing, excess),
  ];
  const parent = await probe.value.group(tenant.parentGroup, signal);
  if (!parent.ok && parent.error.code === "ERR_GRAPH_UNREACHABLE") {
    return [...checks, networkFailure("graph.reachable", name, parent.error, cloud.graph, context)];
  }
  checks.push(ok("graph.reachable", name, `${new URL(cloud.graph).host} answers`));
  if (!parent.ok) return [...checks, failed("graph.parent", name, parent.error)];
  const { displayName, id } = parent.value;
  checks.push(ok("graph.parent", name, `${displayName} (${id})`));
  const settings = { tenant, parent: parent.value, rules: agent.configuration.rules, probe: probe.value, signal };
  return [...checks, ...(await checkGroups(settings, config.mailboxSettings))];
}

type Probe = ReturnType<Agent["probe"]>;

/** Building it reads `caFile`. */
function probeOf(agent: Agent, tenant: string): { ok: true; value: Probe } | { ok: false; error: unknown } {
  try {
    return { ok: true, value: agent.probe(tenant) };
  } catch (error) {
    return { ok: false, error };
  }
}

function clock(tenant: string, skew: number | null): CheckResult[] {
  if (skew === null) return [];
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (seconds < 2) return [ok("clock.skew", tenant, "this computer's clock agrees with Entra's")];
  const text = `this computer's clock is ${seconds} s ${skew > 0 ? "behind" : "ahead of"} Entra's`;
  if (Math.abs(skew) > TOLERATED_SKEW) {
    return [fail("clock.skew", tenant, text, "set the clock (NTP); purges are suspended until then")];
  }
  return [seconds > 30 ? warn("clock.skew", tenant, text, "set the clock (NTP)") : ok("clock.skew", tenant, text)];
}

function permissions(
  tenant: string,
  roles: readonly string[] | null,
  missing: readonly string[],
  excess: readonly string[],
): CheckResult[] {
  const id = "graph.permissions";
  if (roles === null) {
    return [warn(id, tenant, "the token does not show what is granted", "see API permissions in the app registration")];
  }
  const lacking = `the app registration lacks ${missing.join(", ")}`;
  const grant =
    "add these application permissions (type Application, not Delegated) to the app registration, and grant admin consent";
  const more = `granted beyond what is needed: ${excess.join(", ")}`;
  const results = [
    ...(missing.length > 0 ? [fail(id, tenant, lacking, grant)] : []),
    ...(excess.length > 0 ? [warn(id, tenant, more, "remove them: the agent only reads")] : []),
  ];
  return results.length > 0 ? results : [ok(id, tenant, `granted: ${[...roles].sort().join(", ")}`)];
}

function networkFailure(
  id: string,
  tenant: string,
  error: AgentError,
  url: string,
  context: DirectoryContext,
): CheckResult {
  const unreachable = error.code === "ERR_GRAPH_UNREACHABLE" || error.code === "ERR_TOKEN";
  return failed(id, tenant, error, unreachable ? wayTo(url, context) : "");
}
