import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Candidate } from "../../src/model/person.ts";
import type { Plan } from "../../src/plan/types.ts";
import { tenants } from "../support/plan-arbitraries.ts";
import {
  account,
  brief,
  decisionOf,
  holder,
  person,
  planInput,
  previous,
  statesOf,
  wants,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

function moved(key: number, from: string, to: string): Candidate {
  return person(key, wants("Eco"), {
    address: to,
    profile: `profile-${key} ${to}`,
    account: account(key, { address: from, tier: "Eco" }),
    previous: previous(),
  });
}

describe("addresses", () => {
  test("two newcomers of one address are both a conflict, and each names the other", () => {
    const people = [1, 2].map((key) =>
      person(key, wants("Pro"), { address: key === 1 ? "A@x.example" : "a@x.example" }),
    );
    const plan = proposePlan(planInput(people));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "conflict", reason: expect.stringContaining("id-2") });
    expect(decisionOf(plan, 2)).toMatchObject({ state: "conflict", reason: expect.stringContaining("id-1") });
  });

  test("a recycled address never hands the account of somebody deleted to somebody new", () => {
    const gone = person(
      1,
      { kind: "deleted" },
      { account: account(1, { address: "a@x.example", tier: "Pro" }), previous: previous() },
    );
    const plan = proposePlan(planInput([gone, person(2, wants("Pro"), { address: "a@x.example" })]));
    expect(brief(plan)).toEqual([]);
    expect(statesOf(plan)).toEqual(["conflict", "conflict"]);
  });

  test("an account bound to an object id that is not among the people is not adopted", () => {
    const foreign = account(9, { boundTo: "id-elsewhere", address: "p1@contoso.example", tier: "Pro" });
    const plan = proposePlan(planInput([person(1, wants("Pro"))], { unbound: [foreign] }));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "conflict", reason: expect.stringContaining("id-elsewhere") });
  });

  test("two who share an address and need nothing at the target are left as they are", () => {
    const two = [1, 2].map((key) => {
      const one = holder(key, "Pro");
      return { ...one, address: "a@x.example", account: account(key, { tier: "Pro", address: "a@x.example" }) };
    });
    expect(statesOf(proposePlan(planInput(two)))).toEqual(["licensed", "licensed"]);
  });

  test("an address that somebody leaves in this plan is left before it is taken", () => {
    const people = [
      person(1, wants("Eco"), { address: "a@x.example" }),
      moved(2, "b@x.example", "c@x.example"),
      moved(3, "a@x.example", "b@x.example"),
    ];
    const plan = proposePlan(planInput(people, { tiers: [{ kind: "paid", name: "Eco", seats: 9, warnBelow: null }] }));
    expect(brief(plan)).toEqual(["update id-2", "update id-3", "create id-1", "assign id-1 ->Eco"]);
  });

  test("whoever cannot leave an address still claims it", () => {
    const stays = moved(2, "a@x.example", "c@x.example");
    const rival = person(3, wants("Eco"), { address: "c@x.example" });
    const plan = proposePlan(planInput([person(1, wants("Eco"), { address: "a@x.example" }), stays, rival]));
    expect(brief(plan)).toEqual([]);
    expect(statesOf(plan)).toEqual(["conflict", "conflict", "conflict"]);
  });

  test("a frozen mover still claims the old address", () => {
    const people = [person(1, wants("Eco"), { address: "a@x.example" }), moved(2, "a@x.example", "c@x.example")];
    const plan = proposePlan(planInput(people, { frozen: new Map([[2, "held"]]) }));
    expect(statesOf(plan)).toEqual(["conflict", "pending"]);
  });

  test("an account does not move to the address of another account that is nobody's", () => {
    const other = account(9, { boundTo: null, address: "c@x.example" });
    const plan = proposePlan(planInput([moved(2, "a@x.example", "c@x.example")], { unbound: [other] }));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 2).state).toBe("conflict");
  });

  test("people who exchange addresses are both updated", () => {
    const plan = proposePlan(
      planInput([moved(1, "a@x.example", "b@x.example"), moved(2, "b@x.example", "a@x.example")]),
    );
    expect(brief(plan).sort()).toEqual(["update id-1", "update id-2"]);
  });

  test("that nobody shares are settled as if all were looked at", () => {
    // An account that has nothing to do with anybody keeps the shortcut from being taken.
    const elsewhere = account(999, { boundTo: "id-elsewhere", address: "elsewhere@contoso.example" });
    fc.assert(
      fc.property(fc.oneof(tenants(false), tenants(true)), ({ unbound: _, ...input }) => {
        const plans = [[], [elsewhere]].map((unbound) => proposePlan({ ...input, unbound }));
        expect(plans[0]).toEqual(plans[1] as Plan);
      }),
      { numRuns: 1000 },
    );
  });
});
