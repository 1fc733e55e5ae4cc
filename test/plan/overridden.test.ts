import { describe, expect, test } from "bun:test";
import type { Account } from "../../src/model/person.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { account, brief, decisionOf, person, planInput, previous, revokes, wants } from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

/** Somebody whose tier was changed by hand at the target, from `before` to `tier`. */
function changedByHand(verdict: Verdict, before: string | null, tier: string | null, parts: Partial<Account> = {}) {
  const changed = account(1, { tier, overridden: { tier: before }, ...parts });
  return person(1, verdict, { account: changed, previous: previous() });
}

describe("a tier changed by hand at the target, where that is to be left", () => {
  test("stays, and the reason says so", () => {
    const plan = proposePlan(planInput([changedByHand(wants("Pro"), "Pro", "Eco")]));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1)).toMatchObject({
      state: "licensed",
      reason: "changed from Pro to Eco in the licence system by hand; left as it is (onDrift: report)",
      queue: null,
    });
  });

  test("stays taken, and given back after it was taken", () => {
    const taken = proposePlan(planInput([changedByHand(wants("Pro"), "Pro", null)]));
    expect(brief(taken)).toEqual([]);
    expect(decisionOf(taken, 1)).toMatchObject({
      state: "unlicensed",
      reason: "changed from Pro to none in the licence system by hand; left as it is (onDrift: report)",
    });
    const given = proposePlan(planInput([changedByHand(revokes(), null, "Pro")]));
    expect(brief(given)).toEqual([]);
    expect(decisionOf(given, 1)).toMatchObject({ state: "licensed", purgeAt: null });
  });

  test("does not keep the rules from giving another tier, or from taking it", () => {
    expect(brief(proposePlan(planInput([changedByHand(wants("Advanced"), "Pro", "Eco")])))).toEqual([
      "change id-1 Eco>Advanced",
    ]);
    expect(brief(proposePlan(planInput([changedByHand(revokes(), "Pro", "Eco")])))).toEqual(["revoke id-1 Eco>-"]);
  });

  test("does not keep the profile from being updated", () => {
    const plan = proposePlan(planInput([changedByHand(wants("Pro"), "Pro", "Eco", { profile: "another" })]));
    expect(brief(plan)).toEqual(["update id-1"]);
  });
});
