import { describe, expect, test } from "bun:test";
import type { Candidate } from "../../src/model/person.ts";
import { guardPlan } from "../../src/plan/guard.ts";
import type { GuardInput } from "../../src/plan/types.ts";
import { guarded, leaver, many, newcomer, roomy } from "../support/guard-people.ts";
import {
  account,
  brief,
  decisionOf,
  guardInput,
  pairs,
  person,
  planInput,
  revokes,
  wants,
} from "../support/plan-people.ts";

describe("the initial cycle", () => {
  const initial = { initial: true, accounts: 0 };
  const found = (key: number, tier: string) =>
    account(100 + key, { boundTo: null, tier, address: `p${key}@contoso.example` });

  function takenOver(tier: string, wanted: Candidate, guard: Partial<GuardInput> = initial) {
    const input = planInput([wanted], { tiers: roomy, unbound: [found(1, tier)] });
    return guardPlan(input, guardInput(guard));
  }

  test("creates any number of people", () => {
    const { plan, holds } = guarded(many(900, newcomer), initial);
    expect(holds).toEqual([]);
    expect(plan.actions).toHaveLength(1800);
  });

  test("holds a revoke of an account, which is taken over as it is", () => {
    const { plan, holds } = takenOver("Pro", person(1, revokes()));
    expect(brief(plan)).toEqual(["adopt id-1"]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "pending", reason: expect.stringContaining("held") });
    expect(holds[0]?.actions.map(({ kind }) => kind)).toEqual(["revoke"]);
    expect(holds[0]?.reason).toBe("the first synchronisation takes nothing from accounts that were taken over");
  });

  test("holds a change to a lower tier of an account taken over", () => {
    const { plan, holds } = takenOver("Pro", person(1, wants("Eco")));
    expect(brief(plan)).toEqual(["adopt id-1"]);
    expect(holds[0]?.actions.map(({ kind }) => kind)).toEqual(["change"]);
  });

  test("holds it also when the adoption is done already", () => {
    const one = { ...leaver(1), account: account(1, { tier: "Pro", adopted: true }) };
    expect(guarded([one], initial).holds).toMatchObject([{ guard: "revoke" }]);
  });

  test("does a change to a higher tier", () => {
    const { plan } = takenOver("Eco", person(1, wants("Pro"), { profile: null }));
    expect(brief(plan)).toEqual(["adopt id-1", "change id-1 Eco>Pro"]);
  });

  test("passes what was approved", () => {
    const held = takenOver("Pro", person(1, revokes())).holds.flatMap(({ actions }) => pairs(actions));
    const { plan } = takenOver("Pro", person(1, revokes()), { ...initial, approved: held });
    expect(brief(plan)).toEqual(["adopt id-1", "revoke id-1 Pro>-"]);
  });

  test("once over, the accounts taken over are like all others", () => {
    const one = { ...leaver(1), account: account(1, { tier: "Pro", adopted: true }) };
    expect(brief(guarded([one]).plan)).toEqual(["revoke id-1 Pro>-"]);
  });
});
