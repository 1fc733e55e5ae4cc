/** What a broken tiersync.yaml still says of tenants and tiers, so that what is wrong with the rules is told along with it. */
import type { Tier } from "../model/tier.ts";
import type { CheckContext } from "../rules/check.ts";
import { valueAt } from "../rules/shapes.ts";

/** From the raw document. Null: it does not name every tenant and tier, and what rules name might be among those. */
export function roughContext(data: unknown): CheckContext | null {
  const entries = valueAt(data, ["tenants"]);
  if (!Array.isArray(entries)) return null;
  const tenants = entries.flatMap((entry: unknown) => {
    const name = valueAt(entry, ["name"]);
    const tiers = tiersIn(valueAt(entry, ["tiers"]) ?? valueAt(data, ["tiers"]));
    return typeof name === "string" && tiers !== null ? [{ name, tiers }] : [];
  });
  if (tenants.length < entries.length) return null;
  return { tenants, mailboxSettings: valueAt(data, ["mailboxSettings"]) !== false };
}

function tiersIn(block: unknown): Tier[] | null {
  if (typeof block !== "object" || block === null || Array.isArray(block)) return null;
  return Object.entries(block).map(
    ([name, tier]): Tier =>
      valueAt(tier, ["revokes"]) === true
        ? { kind: "revoking", name, purgeAfter: 0 }
        : { kind: "paid", name, seats: 0, warnBelow: null },
  );
}
