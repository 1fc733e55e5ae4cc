import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isGuarded } from "../../src/plan/brakes.ts";
import { guardPlan, REJECTED } from "../../src/plan/guard.ts";
import type { PlanInput } from "../../src/plan/types.ts";
import { applyPlan } from "../support/apply-plan.ts";
import { tenants } from "../support/plan-arbitraries.ts";
import { guardInput, pairs } from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

describe("every guarded plan", () => {
  const limit = fc.option(fc.record({ count: fc.nat(3), percent: fc.nat(50) }));
  const guards = fc.record({
    limits: fc.record({ revoke: limit, purge: limit, change: limit, create: limit }),
    accounts: fc.nat(20),
    initial: fc.boolean(),
    suspicious: fc.boolean(),
    shares: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)),
  });
  const casesOf = (tenant: fc.Arbitrary<PlanInput>) =>
    fc.tuple(tenant, guards).map(([input, { shares, ...parts }]) => {
      // A decision concerns all actions of a person who has a guarded one, as a hold does.
      const proposed = proposePlan(input).actions;
      const concerned = new Set(proposed.filter(({ kind }) => isGuarded(kind)).map((action) => action.person));
      const every = (share: number) =>
        pairs(proposed.filter((action) => concerned.has(action.person) && action.person % 5 === share));
      const [held, approved, rejected] = shares;
      return {
        input,
        guard: guardInput({ ...parts, held: every(held), approved: every(approved), rejected: every(rejected) }),
      };
    });
  const cases = casesOf(fc.oneof(tenants(false), tenants(true)));

  test("does nothing for those it holds but to take over what is theirs, and is the plan for everybody else", () => {
    fc.assert(
      fc.property(cases, ({ input, guard }) => {
        const { plan, holds } = guardPlan(input, guard);
        const held = new Set(holds.flatMap(({ actions }) => actions.map((action) => action.person)));
        for (const { kind, person } of plan.actions) if (kind !== "adopt") expect(held.has(person)).toBe(false);
        const frozen = new Map(
          [...plan.decisions]
            .filter(([key, { reason }]) => held.has(key) || reason === REJECTED)
            .map(([key, { reason }]) => [key, reason]),
        );
        expect(proposePlan({ ...input, frozen: new Map([...input.frozen, ...frozen]) })).toEqual(plan);
      }),
      { numRuns: 1500 },
    );
  });

  test("keeps within its limits when it holds nothing of a kind", () => {
    fc.assert(
      fc.property(cases, ({ input, guard }) => {
        const { plan } = guardPlan(input, guard);
        const passed = new Set(guard.approved.map((pair) => JSON.stringify(pair)));
        for (const kind of ["revoke", "purge", "change", "create"] as const) {
          const limitOf = guard.limits[kind];
          if (limitOf === null || (kind === "create" && guard.initial)) continue;
          const done = pairs(plan.actions).filter((pair) => pair.kind === kind && !passed.has(JSON.stringify(pair)));
          expect(done.length).toBeLessThanOrEqual(limitOf.count);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("is followed by a plan that does nothing, but for held people who wait since their seat went to others", () => {
    fc.assert(
      fc.property(casesOf(tenants(false)), ({ input, guard }) => {
        const first = guardPlan(input, guard);
        const held = first.holds.flatMap(({ actions }) => pairs(actions));
        const again = guardPlan(applyPlan(input, first.plan), { ...guard, held: [...guard.held, ...held] });
        const people = new Set(first.holds.flatMap(({ actions }) => actions.map((action) => action.person)));
        for (const action of again.plan.actions) {
          expect(["wait", "update"]).toContain(action.kind);
          expect(people.has(action.person)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
