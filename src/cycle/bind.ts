/** The tenant's rules resolved against its groups, or the reason why the cycle cannot go on. */
import { createHash } from "node:crypto";
import { AgentError } from "../errors.ts";
import { formatFinding } from "../model/finding.ts";
import { bindRules } from "../rules/bind.ts";
import { nextBoundary } from "../rules/explain.ts";
import type { BoundRules } from "../rules/types.ts";
import type { CycleParts } from "./settings.ts";

export interface Binding {
  readonly bound: BoundRules;
  /** Equal exactly when rules, tiers (but for their seats) and mailbox setting mean the same. */
  readonly fingerprint: string;
  /** A rule came into force or ceased to be since the last evaluation. */
  readonly boundary: boolean;
}

/** Throws `ERR_GROUP_NOT_FOUND` or `ERR_GROUP_AMBIGUOUS`: a group that is not there is never read as "nobody". */
export function bindOrThrow(
  { rules, settings, store }: Pick<CycleParts, "rules" | "settings" | "store">,
  now: number,
): Binding {
  const { groups } = store.people.groupGraph();
  const { name, tiers, mailboxSettings } = settings;
  const binding = bindRules(rules, { tenant: name, tiers, groups, mailboxSettings });
  if (binding.bound === null) {
    const errors = binding.findings.filter(({ level }) => level === "error");
    throw new AgentError(binding.code ?? "ERR_GROUP_NOT_FOUND", errors.map(formatFinding).join("; "));
  }
  const evaluated = store.people.evaluation().at;
  const next = evaluated === null ? null : nextBoundary(binding.bound, evaluated);
  const meaning = tiers.map((tier) => (tier.kind === "paid" ? [tier.name] : [tier.name, tier.purgeAfter]));
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([rules.fingerprint, meaning, mailboxSettings]))
    .digest("hex")
    .slice(0, 32);
  return { bound: binding.bound, fingerprint, boundary: next !== null && next <= now };
}
