/** A plan as text for people: pure strings, no colour. Names and addresses are others' text and are shown as plain data. */
import { ACTION_KINDS, type ActionKind } from "../model/action.ts";
import { plainText } from "../model/plain-text.ts";
import type { TierName, TierUsage } from "../model/tier.ts";
import type { ActionView, HoldView, TenantPlanView, WaitingView } from "../model/views.ts";

export interface RenderOptions {
  /** At most this many lines of each kind of action and of each queue; the rest is counted. Default 20. */
  readonly limit?: number;
}

const TITLES: Readonly<Record<ActionKind, string>> = {
  create: "create an account",
  adopt: "take over an existing account",
  assign: "assign a licence",
  change: "change the tier",
  wait: "begin to wait",
  update: "update name, address or language",
  revoke: "take the licence back",
  purge: "delete the event logs for good",
  release: "leave unmanaged",
};

/** One tenant's plan: tiers, actions by kind, what is held, who waits. Ends with a line break. `waiting`: in any order. */
export function renderPlan(
  tenant: Omit<TenantPlanView, "waiting">,
  waiting: readonly WaitingView[],
  options: RenderOptions = {},
): string {
  const limit = options.limit ?? 20;
  const parts = [
    [`tenant ${plainText(tenant.name)}`],
    renderTiers(tenant.tiers),
    ...renderActions(tenant.actions, limit),
    ...tenant.held.map((hold) => renderHold(hold, limit)),
    ...renderQueues(waiting, limit),
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** Bought, used and free seats, one line per tier, aligned. */
export function renderTiers(tiers: readonly TierUsage[]): string[] {
  const rows = tiers.map((tier) => [
    plainText(tier.name),
    String(tier.seats),
    String(tier.used),
    String(tier.free),
    String(tier.waiting),
    tier.overdraft > 0 ? `${tier.overdraft} more used than bought` : "",
  ]);
  return aligned([["tier", "bought", "used", "free", "waiting", ""], ...rows]);
}

function renderActions(actions: readonly ActionView[], limit: number): string[][] {
  if (actions.length === 0) return [["nothing to do"]];
  return ACTION_KINDS.flatMap((kind) => {
    const some = actions.filter((action) => action.kind === kind);
    return some.length === 0 ? [] : [[`${TITLES[kind]}: ${some.length}`, ...listed(some.map(actionCells), limit)]];
  });
}

function renderHold(hold: HoldView, limit: number): string[] {
  const kinds = Object.entries(hold.kinds).map(([kind, number]) => `${number} ${kind}`);
  const title = `held until approved: ${kinds.join(", ")} (hold ${plainText(hold.id)})`;
  return [title, ...listed(hold.actions.map(actionCells), limit)];
}

function renderQueues(waiting: readonly WaitingView[], limit: number): string[][] {
  const queues = new Map<TierName, WaitingView[]>();
  for (const person of waiting) {
    const tier = person.wanted ?? "";
    const queue = queues.get(tier);
    if (queue === undefined) queues.set(tier, [person]);
    else queue.push(person);
  }
  return [...queues].map(([tier, queue]) => {
    const inOrder = [...queue].sort((left, right) => (left.position ?? 0) - (right.position ?? 0));
    const rows = inOrder.map((person) => [
      person.position === null ? "" : `${person.position}.`,
      who(person.address, person.id),
      person.tier === null ? "without a licence" : `keeps ${plainText(person.tier)}`,
      `since ${plainText(person.since)}`,
    ]);
    return [`waiting for ${plainText(tier)}: ${queue.length}`, ...listed(rows, limit)];
  });
}

function actionCells(action: ActionView): string[] {
  const tiers =
    action.from === action.to ? (action.to ?? "") : `${action.from ?? "no licence"} -> ${action.to ?? "no licence"}`;
  return [who(action.address, action.user), plainText(tiers), plainText(action.reason)];
}

function who(address: string | null, id: string): string {
  return plainText(address ?? id);
}

function listed(rows: readonly (readonly string[])[], limit: number): string[] {
  const lines = aligned(rows.slice(0, limit)).map((line) => `  ${line}`);
  return rows.length > limit ? [...lines, `  and ${rows.length - limit} more`] : lines;
}

/** Columns padded to their widest cell; numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^\d+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
