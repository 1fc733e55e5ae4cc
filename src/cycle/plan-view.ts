/** A prepared plan as `tiersync plan` shows it. */
import { goesOn, HOLD_LIFETIME } from "../model/cycle.ts";
import { tierUsage } from "../model/tier.ts";
import { actionView, kindCounts, type TenantPlanView, type WaitingView } from "../model/views.ts";
import type { HoldProposal, Plan } from "../plan/types.ts";
import { waitingPeople } from "../plan/waiting.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { TenantStore } from "./store-ports.ts";

/** `store`: the one that the plan was made with; its holds give the ids of what is held already, and goes on being held as it is. */
export function planView(store: TenantStore, { guarded, people, waitingElsewhere, now }: PreparedPlan): TenantPlanView {
  const open = store.holds.open();
  const held = (proposal: HoldProposal): TenantPlanView["held"][number] => {
    const known = open.find((hold) => goesOn(hold, proposal, now));
    return {
      id: known?.id ?? "new",
      tenant: store.name,
      kinds: kindCounts(proposal.actions),
      since: known?.since ?? new Date(now).toISOString(),
      expiresAt: known?.expiresAt ?? new Date(now + HOLD_LIFETIME).toISOString(),
      actions: proposal.actions.map(actionView),
    };
  };
  return {
    name: store.name,
    waiting: queues(store, people, guarded.plan),
    tiers: guarded.plan.tiers.map(({ name, seats, used, waiting }) =>
      tierUsage(name, seats, used, waiting + (waitingElsewhere.get(name) ?? 0)),
    ),
    actions: guarded.plan.actions.map(actionView),
    held: guarded.holds.map(held),
  };
}

/** Shown of each queue. */
const SHOWN = 1000;

/** Whom the plan looked at, and further down those whom it did not have to. */
function queues(store: TenantStore, people: PreparedPlan["people"], plan: Plan): WaitingView[] {
  const elsewhere = store.people.queueHeads(SHOWN).flatMap(({ key, id, account, previous }): WaitingView[] => {
    if (people.has(key) || previous === null || previous.queue === null || previous.state !== "waiting") return [];
    const { tier: wanted, since } = previous.queue;
    const address = account?.address ?? null;
    return [{ id, address, wanted, tier: account?.tier ?? null, since: new Date(since).toISOString(), position: null }];
  });
  const all = [...waitingPeople([...people.values()], plan), ...elsewhere];
  return plan.tiers.flatMap(({ name }) =>
    all
      .filter(({ wanted }) => wanted === name)
      .sort((a, b) => (a.since === b.since ? compareText(a.id, b.id) : compareText(a.since, b.since)))
      .slice(0, SHOWN)
      .map((person, index) => ({ ...person, position: index + 1 })),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
