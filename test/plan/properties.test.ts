import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addressKey } from "../../src/model/directory.ts";
import type { Candidate } from "../../src/model/person.ts";
import type { Plan, PlanInput } from "../../src/plan/types.ts";
import { applyAction, applyPlan, worldOf } from "../support/apply-plan.ts";
import { tenants } from "../support/plan-arbitraries.ts";
import { proposePlan } from "../support/propose-plan.ts";

const anyTenant = fc.oneof(tenants(false), tenants(true));

function seatsOf(input: PlanInput): Map<string, number> {
  return new Map(input.tiers.flatMap((tier) => (tier.kind === "paid" ? [[tier.name, tier.seats] as const] : [])));
}

function byKey(people: readonly Candidate[]): Map<number, Candidate> {
  return new Map(people.map((person) => [person.key, person]));
}

function sorted(plan: Plan) {
  return { ...plan, decisions: [...plan.decisions].sort(([left], [right]) => left - right) };
}

function holds(tenant: fc.Arbitrary<PlanInput>, property: (input: PlanInput) => void, numRuns = 1500): void {
  fc.assert(fc.property(tenant, property), { numRuns });
}

describe("every plan", () => {
  test("uses no more seats than were bought, unless they were already used", () => {
    holds(anyTenant, (input) => {
      const after = applyPlan(input, proposePlan(input)).used;
      for (const [tier, seats] of seatsOf(input)) {
        expect(after.get(tier) ?? 0).toBeLessThanOrEqual(Math.max(seats, input.used.get(tier) ?? 0));
      }
    });
  });

  test("leaves nobody waiting while a seat of the wanted tier is free", () => {
    holds(anyTenant, (input) => {
      const plan = proposePlan(input);
      const free = new Map(plan.tiers.map((tier) => [tier.name, tier.free]));
      for (const { state, queue } of plan.decisions.values())
        if (state === "waiting") expect(free.get(queue?.tier ?? "")).toBe(0);
    });
  });

  test("counts seats as its actions do", () => {
    holds(anyTenant, (input) => {
      const plan = proposePlan(input);
      const after = applyPlan(input, plan).used;
      for (const tier of plan.tiers) expect(tier.used).toBe(after.get(tier.name) ?? 0);
    });
  });

  test("is followed by an empty plan, with the same decisions", () => {
    holds(anyTenant, (input) => {
      const plan = proposePlan(input);
      const again = proposePlan(applyPlan(input, plan));
      expect(again.actions).toEqual([]);
      const stable = (one: Plan) =>
        [...one.decisions].map(([key, { state, since, queue }]) => ({ key, state, since, queue }));
      expect(stable(again)).toEqual(stable(plan));
    });
  });

  test("is the same whatever the order of the people", () => {
    const shuffled = anyTenant.chain((input) =>
      fc.shuffledSubarray([...input.people], { minLength: input.people.length }).map((people) => ({ input, people })),
    );
    fc.assert(
      fc.property(shuffled, ({ input, people }) => {
        expect(sorted(proposePlan({ ...input, people }))).toEqual(sorted(proposePlan(input)));
      }),
      { numRuns: 800 },
    );
  });

  test("takes a licence only through a revoking tier", () => {
    holds(anyTenant, (input) => {
      const after = byKey(applyPlan(input, proposePlan(input)).people);
      for (const person of input.people) {
        if (person.account?.tier == null || after.get(person.key)?.account?.tier != null) continue;
        expect(person.verdict.kind).toBe("revoke");
      }
    });
  });

  test("takes and changes nothing for those who left, were deleted or are skipped, but for a purge after a revoke", () => {
    holds(anyTenant, (input) => {
      const plan = proposePlan(input);
      const people = byKey(input.people);
      for (const action of plan.actions) {
        const person = people.get(action.person);
        if (person?.verdict.kind === "deleted" && action.kind === "purge") {
          expect(person.account?.revokedAt).not.toBeNull();
          continue;
        }
        if (["none", "deleted", "skipped"].includes(person?.verdict.kind ?? "")) expect(action.kind).toBe("release");
      }
    });
  });

  test("never purges in doubt, before a revoke, or while purges are suspended", () => {
    holds(anyTenant, (input) => {
      const people = byKey(input.people);
      for (const action of proposePlan(input).actions) {
        if (action.kind !== "purge") continue;
        const verdict = people.get(action.person)?.verdict;
        expect(input.purgesAllowed).toBe(true);
        expect(verdict?.kind === "revoke" ? verdict.doubt : null).toBeNull();
      }
    });
  });

  test("can stop after any action: no seat is given before it is free, and no account is used before it exists", () => {
    holds(anyTenant, (input) => {
      const seats = seatsOf(input);
      const people = byKey(input.people);
      const world = worldOf(input);
      const plan = proposePlan(input);
      plan.actions.forEach((action, index) => {
        const candidate = people.get(action.person);
        if (candidate === undefined) throw new Error("nobody");
        applyAction(world, action, candidate, input.now);
        if (action.swap !== undefined && plan.actions[index + 1]?.swap === action.swap) return;
        for (const [tier, bought] of seats) {
          expect(world.used.get(tier) ?? 0).toBeLessThanOrEqual(Math.max(bought, input.used.get(tier) ?? 0));
        }
        if (action.swap === undefined && (action.kind === "assign" || action.kind === "change")) {
          expect(world.used.get(action.to ?? "") ?? 0).toBeLessThanOrEqual(seats.get(action.to ?? "") ?? 0);
        }
      });
    });
  });

  test("gives no address to a second account", () => {
    holds(tenants(true), (input) => {
      const crowd = (one: PlanInput) => {
        const counts = new Map<string, number>();
        const accounts = [...one.people.flatMap((person) => person.account ?? []), ...one.unbound];
        for (const { address } of accounts) counts.set(addressKey(address), (counts.get(addressKey(address)) ?? 0) + 1);
        return counts;
      };
      const before = crowd(input);
      for (const [address, count] of crowd(applyPlan(input, proposePlan(input)))) {
        expect(count).toBeLessThanOrEqual(Math.max(1, before.get(address) ?? 0));
      }
    });
  });

  test("does nothing for the frozen but to take over what is theirs, and nothing for those whose next try is still to come", () => {
    holds(anyTenant, (input) => {
      const people = byKey(input.people);
      for (const action of proposePlan(input).actions) {
        if (action.kind !== "adopt") expect(input.frozen.has(action.person)).toBe(false);
        expect(people.get(action.person)?.previous?.failure?.nextTryAt ?? 0).toBeLessThanOrEqual(input.now);
      }
    });
  });

  test("leaves no ring of people who could exchange their seats", () => {
    holds(tenants(false), (input) => {
      const plan = proposePlan(input);
      const after = byKey(applyPlan(input, plan).people);
      const ways = new Set<string>();
      for (const [key, { state, queue }] of plan.decisions) {
        const held = after.get(key)?.account?.tier;
        if (state === "waiting" && held != null) ways.add(`${held}>${queue?.tier}`);
      }
      for (const [a, b, c] of [
        ["Eco", "Pro", "Advanced"],
        ["Eco", "Advanced", "Pro"],
      ] as const) {
        expect([`${a}>${b}`, `${b}>${a}`].every((way) => ways.has(way))).toBe(false);
        expect([`${a}>${c}`, `${c}>${a}`].every((way) => ways.has(way))).toBe(false);
        expect([`${a}>${b}`, `${b}>${c}`, `${c}>${a}`].every((way) => ways.has(way))).toBe(false);
      }
    });
  });
});

describe("planning only the people who are open", () => {
  test("does the same as planning everybody", () => {
    const open = new Set(["waiting", "pending", "conflict", "error"]);
    const cases = fc.tuple(tenants(false), tenants(false));
    fc.assert(
      fc.property(cases, ([first, news]) => {
        const settled = applyPlan(first, proposePlan(first));
        const plan = proposePlan(first);
        const changed = new Map(news.people.slice(0, 3).map((person) => [person.key, person.verdict]));
        const people = settled.people.map((person) => {
          const verdict = changed.get(person.key);
          if (verdict === undefined) return person;
          return { ...person, verdict, profile: verdict.kind === "deleted" ? null : person.profile };
        });
        const due = new Set([...plan.decisions].flatMap(([key, { purgeAt }]) => (purgeAt === null ? [] : [key])));
        const some = people.filter(
          ({ key, previous }) => changed.has(key) || due.has(key) || open.has(previous?.state ?? "waiting"),
        );
        const next = { ...settled, people, now: settled.now + 1, tiers: news.tiers, frozen: new Map<number, string>() };
        const all = proposePlan(next);
        const few = proposePlan({ ...next, people: some });
        expect(few.actions).toEqual(all.actions);
        expect(few.tiers).toEqual(all.tiers);
        const keys = new Set(some.map(({ key }) => key));
        expect(few.decisions).toEqual(new Map([...all.decisions].filter(([key]) => keys.has(key))));
      }),
      { numRuns: 1500 },
    );
  });
});
