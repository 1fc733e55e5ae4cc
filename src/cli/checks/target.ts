/** Does the licence system answer, and does it have what the configuration asks of it? */
import type { Agent } from "../../agent.ts";
import type { ScimConfig, TenantConfig } from "../../config/types.ts";
import { type AgentError, ERROR_CODES, toAgentError } from "../../errors.ts";
import type { CheckResult } from "../../model/views.ts";
import { fail, failed, ok } from "./result.ts";
import { type Network, wayTo } from "./way.ts";

const ID = "target";
/** Longest time for the licence system; ms. */
const PATIENCE = 30_000;

export interface TargetContext extends Network {
  readonly agent: Pick<Agent, "probeTarget">;
  readonly stop: AbortSignal;
  /** ms, 30 s by default. */
  readonly patience?: number;
}

export async function checkTarget({ name, target }: TenantConfig, context: TargetContext): Promise<CheckResult[]> {
  if (target.kind === "ledger") return [ok(ID, name, "the embedded ledger")];
  const { agent, stop, patience = PATIENCE } = context;
  const late = AbortSignal.timeout(patience);
  try {
    const found = await agent.probeTarget(name, AbortSignal.any([stop, late]));
    const lacking = (found?.missing ?? []).map((tier) =>
      fail(
        ID,
        name,
        `tier ${tier}: the licence system has no group ${tier}, so nobody can be given that tier`,
        `make a group named ${tier} at ${target.url}, or write another \`tierAs\` under \`target:\` in tiersync.yaml`,
      ),
    );
    if (lacking.length > 0) return lacking;
    const able = (["patch", "filter", "etag", "bulk"] as const).filter((ability) => found?.[ability]);
    const features = able.length === 0 ? "" : `, ${able.join(", ")}`;
    const accounts = found?.accounts ?? 0;
    return [ok(ID, name, `SCIM at ${target.url}: ${accounts} accounts, tier as ${target.tierAs}${features}`)];
  } catch (thrown) {
    const error = toAgentError(thrown);
    const cut = late.aborted && !stop.aborted && error.code === "ERR_STOPPED";
    return [cut ? tooSlow(name, target, context, patience) : refused(name, target, context, error)];
  }
}

function tooSlow(tenant: string, target: ScimConfig, context: TargetContext, patience: number): CheckResult {
  const message = `the licence system gave no answer within ${patience / 1000} s${wayTo(target.url, context)}`;
  return fail(ID, tenant, `${message} [ERR_TARGET_UNREACHABLE]`, reach(target));
}

/** The hints of errors speak of cycles: that the next one tries again, or that others go on. Here it is the set-up that is asked about. */
function refused(tenant: string, target: ScimConfig, context: TargetContext, error: AgentError): CheckResult {
  if (error.hint !== ERROR_CODES[error.code].remedy) return failed(ID, tenant, error);
  const because = (hint: string, also = ""): CheckResult => ({ ...failed(ID, tenant, error, also), hint });
  const base = `\`target.url\` (${target.url}) must be the base address of a SCIM 2.0 service, such as https://licences.example/scim/v2`;
  const groups = target.tierAs === "groups" ? ", which has /Groups besides /Users" : "";
  if (error.code === "ERR_TARGET_REFUSED") return because(`${base}${groups}`);
  if (error.code !== "ERR_TARGET_UNREACHABLE") return failed(ID, tenant, error);
  const { network, statusCode } = error.facts;
  if (network !== undefined) return because(reach(target), wayTo(target.url, context));
  const failing = typeof statusCode === "number" && statusCode >= 400;
  return because(failing ? `ask those who run the licence system; if they saw no such request: ${base}` : base);
}

function reach({ url, auth }: ScimConfig): string {
  const keys = auth.kind === "oauth" ? "`target.url` and `target.oauth.tokenUrl`" : "`target.url`";
  return `check ${keys} in tiersync.yaml (${url}), and that DNS, firewall and proxy let this computer reach it`;
}
