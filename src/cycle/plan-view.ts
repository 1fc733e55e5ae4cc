/** A prepared plan as `tiersync plan` shows it. */
import { tierUsage } from "../model/tier.ts";
import { actionView, kindCounts, type TenantPlanView } from "../model/views.ts";
import type { HoldProposal } from "../plan/types.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { TenantStore } from "./store-ports.ts";

/** `store`: the one that the plan was made with; its holds give the ids of what is held already. */
export function planView(store: TenantStore, { guarded, waitingElsewhere, now }: PreparedPlan): TenantPlanView {
  const open = store.holds.open();
  const lifetime = 24 * 60 * 60 * 1000;
  const held = (proposal: HoldProposal): TenantPlanView["held"][number] => {
    const known = open.find((hold) => hold.guard === proposal.guard);
    return {
      id: known?.id ?? "new",
      tenant: store.name,
      kinds: kindCounts(proposal.actions),
      since: known?.since ?? new Date(now).toISOString(),
      expiresAt: known?.expiresAt ?? new Date(now + lifetime).toISOString(),
      actions: proposal.actions.map(actionView),
    };
  };
  return {
    name: store.name,
    tiers: guarded.plan.tiers.map(({ name, seats, used, waiting }) =>
      tierUsage(name, seats, used, waiting + (waitingElsewhere.get(name) ?? 0)),
    ),
    actions: guarded.plan.actions.map(actionView),
    held: guarded.holds.map(held),
  };
}
