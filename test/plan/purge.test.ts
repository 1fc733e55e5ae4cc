import { describe, expect, test } from "bun:test";
import type { Verdict } from "../../src/model/verdict.ts";
import {
  account,
  brief,
  DAY,
  decisionOf,
  holder,
  NOW,
  person,
  planInput,
  previous,
  revokes,
  tiers,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

const none: Verdict = { kind: "none" };
const deleted: Verdict = { kind: "deleted" };
const taken = (parts = {}) => account(1, { revokedAt: NOW - DAY, ...parts });
const clear = (since: number) => previous({ state: "unlicensed", clearSince: since });

describe("the time of a purge", () => {
  test("is counted from the revoke that this plan makes", () => {
    const plan = proposePlan(planInput([holder(1, "Pro", revokes())]));
    expect(decisionOf(plan, 1)).toMatchObject({ clearSince: NOW, purgeAt: NOW + DAY });
  });

  test("is unknown in doubt, and begins anew when the doubt ends", () => {
    const doubtful = person(1, revokes(true), { account: taken(), previous: clear(NOW - 2 * DAY) });
    expect(decisionOf(proposePlan(planInput([doubtful])), 1)).toMatchObject({ clearSince: null, purgeAt: null });
    const settled = person(1, revokes(), { account: taken(), previous: previous({ state: "unlicensed" }) });
    expect(decisionOf(proposePlan(planInput([settled])), 1)).toMatchObject({ clearSince: NOW, purgeAt: NOW + DAY });
  });

  test("is never earlier because the person was frozen while in doubt", () => {
    const doubtful = person(1, revokes(true), { account: taken(), previous: clear(NOW - 2 * DAY) });
    const plan = proposePlan(planInput([doubtful], { frozen: new Map([[1, "held"]]) }));
    expect(decisionOf(plan, 1)).toMatchObject({ state: "pending", clearSince: null, purgeAt: null });
  });

  test("is gone for whoever left, also when deleted afterwards", () => {
    const left = person(1, none, { account: taken(), previous: clear(NOW - 2 * DAY) });
    const decision = decisionOf(proposePlan(planInput([left])), 1);
    expect(decision).toMatchObject({ clearSince: null, purgeAt: null });
    const gone = { ...left, verdict: deleted, previous: previous({ state: "unmanaged" }) };
    expect(brief(proposePlan(planInput([gone])))).toEqual([]);
  });

  test("after a deletion follows the longest purgeAfter when several tiers take licences", () => {
    const two = [...tiers({ Pro: 1 }, 10), { kind: "revoking", name: "Later", purgeAfter: 5 * DAY } as const];
    const gone = person(1, deleted, { account: taken(), previous: clear(NOW - 2 * DAY) });
    const plan = proposePlan(planInput([gone], { tiers: two }));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1).purgeAt).toBe(NOW - DAY + 5 * DAY);
  });
});
