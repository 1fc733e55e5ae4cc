/** Does what tiersync.yaml says of a tenant make sense? */
import type { TenantConfig } from "../../config/types.ts";
import { GUARDED_KINDS } from "../../model/action.ts";
import type { CheckResult } from "../../model/views.ts";
import { ok, warn } from "./result.ts";

export function checkTenant(tenant: TenantConfig): CheckResult[] {
  return [checkSeats(tenant), ...checkGuard(tenant)];
}

function checkSeats({ name, tiers }: TenantConfig): CheckResult {
  const paid = tiers.flatMap((tier) => (tier.kind === "paid" ? [tier] : []));
  if (paid.every(({ seats }) => seats === 0)) {
    const hint = "write the number of seats bought into `tiers:` in tiersync.yaml: until then everybody waits";
    return warn("tiers.seats", name, "no tier has any seats", hint);
  }
  return ok("tiers.seats", name, paid.map((tier) => `${tier.name} ${tier.seats}`).join(", "));
}

function checkGuard({ name, guard }: TenantConfig): CheckResult[] {
  const off = GUARDED_KINDS.filter((kind) => guard[kind] === null);
  if (off.length === 0) return [ok("guard.off", name, "every brake is on")];
  return off.map((kind) =>
    warn("guard.off", name, `the brake on ${kind} is off`, `take \`${kind}: false\` out of \`guard:\` to put it on`),
  );
}
