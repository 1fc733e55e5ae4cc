/** Does the licence system answer, and does it have what the configuration asks of it? */
import type { Agent } from "../../agent.ts";
import type { TenantConfig } from "../../config/types.ts";
import type { CheckResult } from "../../model/views.ts";
import { failed, ok } from "./result.ts";

/** Longest time for the licence system; ms. */
const PATIENCE = 30_000;

export async function checkTarget(
  { name, target }: TenantConfig,
  { agent, stop }: { readonly agent: Pick<Agent, "probeTarget">; readonly stop: AbortSignal },
): Promise<CheckResult> {
  if (target.kind === "ledger") return ok("target", name, "the embedded ledger");
  try {
    const found = await agent.probeTarget(name, AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)]));
    const able = (["patch", "filter", "etag", "bulk"] as const).filter((ability) => found?.[ability]);
    const features = able.length === 0 ? "" : `, ${able.join(", ")}`;
    return ok(
      "target",
      name,
      `SCIM at ${target.url}: ${found?.accounts ?? 0} accounts, tier as ${target.tierAs}${features}`,
    );
  } catch (error) {
    return failed("target", name, error);
  }
}
