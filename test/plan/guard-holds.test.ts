import { describe, expect, test } from "bun:test";
import { REJECTED } from "../../src/plan/guard.ts";
import { guarded, leaver, many, mover } from "../support/guard-people.ts";
import { brief, decisionOf, holder, pairs, planInput, revokes, statesOf, tiers } from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

describe("an open hold", () => {
  const first = guarded(many(30, leaver)).holds.flatMap(({ actions }) => pairs(actions));

  test("keeps what is still proposed when it shrinks below the limit", () => {
    const { plan, holds } = guarded(many(5, leaver), { held: first });
    expect(plan.actions).toEqual([]);
    expect(holds).toMatchObject([{ guard: "revoke", reason: "part of a hold that is still open" }]);
    expect(holds[0]?.actions).toHaveLength(5);
  });

  test("lets others of the kind go on below the limit", () => {
    const { plan, holds } = guarded([...many(5, leaver), ...many(2, leaver, 80)], { held: first });
    expect(brief(plan)).toEqual(["revoke id-80 Pro>-", "revoke id-81 Pro>-"]);
    expect(holds[0]?.actions).toHaveLength(5);
  });

  test("grows while the kind is over its limit", () => {
    const { plan, holds } = guarded([...many(30, leaver), leaver(80)], { held: first });
    expect(plan.actions).toEqual([]);
    expect(holds[0]?.actions).toHaveLength(31);
  });

  test("dissolves when the cause is taken back", () => {
    const { plan, holds } = guarded(
      many(30, (key) => holder(key, "Pro")),
      { held: first },
    );
    expect(holds).toEqual([]);
    expect(new Set(statesOf(plan))).toEqual(new Set(["licensed"]));
  });

  test("holds also when the brake was taken off since", () => {
    const limits = { revoke: null, purge: null, change: null, create: null };
    expect(guarded(many(30, leaver), { held: first, limits }).plan.actions).toEqual([]);
  });

  test("that is approved lets exactly its pairs through", () => {
    const { plan, holds } = guarded([...many(30, leaver), ...many(12, leaver, 60)], { approved: first });
    expect(plan.actions.map(({ person: key }) => key).sort((a, b) => a - b)).toEqual(
      many(30, leaver).map(({ key }) => key),
    );
    expect(holds[0]?.actions).toHaveLength(12);
  });

  test("that is approved does not approve another action of the same people", () => {
    const others = many(30, (key) => holder(key, "Eco", revokes()));
    expect(guarded(others, { approved: first }).plan.actions).toEqual([]);
  });

  test("that is rejected suppresses its pairs and is no hold any more", () => {
    const { plan, holds } = guarded([...many(30, leaver), leaver(80)], { rejected: first });
    expect(brief(plan)).toEqual(["revoke id-80 Pro>-"]);
    expect(holds).toEqual([]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "pending", reason: REJECTED });
  });

  test("that was rejected does not suppress a change of mind", () => {
    const { plan } = guarded(many(3, mover), { rejected: first });
    expect(plan.actions.map(({ kind }) => kind)).toEqual(["change", "change", "change"]);
  });

  test("of a change that was rejected lets the next in the queue have the seat", () => {
    const rejected = pairs(proposePlan(planInput([mover(1)])).actions);
    const { plan } = guarded([mover(1), mover(2)], { rejected }, tiers({ Eco: 2, Pro: 1 }));
    expect(brief(plan)).toEqual(["change id-2 Eco>Pro"]);
  });
});

test("somebody whose change was rejected does not wait for the seat either", () => {
  const rejected = pairs(proposePlan(planInput([mover(1)])).actions);
  const { plan } = guarded([mover(1)], { rejected }, tiers({ Eco: 2, Pro: 0 }));
  expect(brief(plan)).toEqual([]);
  expect(decisionOf(plan, 1)).toMatchObject({ state: "pending", reason: REJECTED });
});
