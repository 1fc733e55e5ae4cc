/** A batch of actions as the steps that lead to as few requests as possible, without changing what comes before what. */
import type { ApplyItem } from "../../cycle/ports.ts";
import { addressKey } from "../../model/directory.ts";

/** One person's actions that one request can carry out. */
export interface Step {
  /** nothing: no request; user: the account itself; tier: membership of groups; purge: the account and its logs. */
  readonly kind: "nothing" | "user" | "tier" | "purge";
  readonly items: readonly ApplyItem[];
}

/** Steps of one person, in order. */
export type Job = readonly Step[];

/** Jobs that may run side by side. `ring`: they exchange seats, and end with the first refusal. */
export interface Phase {
  readonly jobs: readonly Job[];
  readonly ring: number | null;
}

/**
 * The phases follow each other. Whoever moves to another address goes alone, because others wait for the address; so does each of those
 * who exchange seats.
 */
export function phasesOf(
  batch: readonly ApplyItem[],
  tierAs: "entitlements" | "roles" | "groups",
  addressOf: (item: ApplyItem) => string | null,
): readonly Phase[] {
  const phases: Phase[] = [];
  let open = new Map<number, ApplyItem[]>();
  const close = (): void => {
    if (open.size > 0) phases.push({ jobs: [...open.values()].map((items) => stepsOf(items, tierAs)), ring: null });
    open = new Map();
  };
  for (const item of batch) {
    const { person, swap } = item.action;
    if (swap !== undefined || moves(item, addressOf(item))) {
      close();
      phases.push({ jobs: [stepsOf([item], tierAs)], ring: swap ?? null });
      continue;
    }
    const items = open.get(person);
    if (items === undefined) open.set(person, [item]);
    else items.push(item);
  }
  close();
  return phases;
}

function stepsOf(items: readonly ApplyItem[], tierAs: "entitlements" | "roles" | "groups"): Job {
  const steps: { kind: Step["kind"]; items: ApplyItem[] }[] = [];
  for (const item of items) {
    const kind = kindOf(item, tierAs);
    const last = steps.at(-1);
    if (last?.kind === kind && kind !== "purge") last.items.push(item);
    else steps.push({ kind, items: [item] });
  }
  return steps;
}

function kindOf({ action }: ApplyItem, tierAs: "entitlements" | "roles" | "groups"): Step["kind"] {
  switch (action.kind) {
    case "wait":
    case "release":
      return "nothing";
    case "purge":
      return "purge";
    case "assign":
    case "change":
    case "revoke":
      return tierAs === "groups" ? "tier" : "user";
    default:
      return "user";
  }
}

/** Whether the item takes its person's account off `current`, its address now. */
export function moves({ action }: ApplyItem, current: string | null): boolean {
  if (action.kind !== "update" || action.address === null || current === null) return false;
  return addressKey(action.address) !== addressKey(current);
}
