/** Crowds in need of one kind of action, for tests of the brake. */
import type { Candidate } from "../../src/model/person.ts";
import { guardPlan } from "../../src/plan/guard.ts";
import type { GuardInput } from "../../src/plan/types.ts";
import {
  account,
  DAY,
  guardInput,
  holder,
  NOW,
  person,
  planInput,
  previous,
  revokes,
  tiers,
  wants,
} from "./plan-people.ts";

export const many = (count: number, make: (key: number) => Candidate, first = 1) =>
  Array.from({ length: count }, (_, index) => make(first + index));
export const leaver = (key: number) => holder(key, "Pro", revokes());
export const newcomer = (key: number) => person(key, wants("Eco"));
export const mover = (key: number) => holder(key, "Eco", wants("Pro"));
export const due = (key: number) =>
  person(key, revokes(), {
    account: account(key, { revokedAt: NOW - 2 * DAY }),
    previous: previous({ state: "unlicensed", clearSince: NOW - 2 * DAY }),
  });
export const roomy = tiers({ Eco: 1000, Advanced: 1000, Pro: 1000 });

/** The guarded plan for these people in a tenant with room for everybody, unless `bought` says otherwise. */
export function guarded(people: readonly Candidate[], guard: Partial<GuardInput> = {}, bought = roomy) {
  return guardPlan(planInput(people, { tiers: bought }), guardInput(guard));
}
