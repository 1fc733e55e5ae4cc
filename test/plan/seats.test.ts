import { describe, expect, test } from "bun:test";
import type { Candidate } from "../../src/model/person.ts";
import {
  account,
  brief,
  decisionOf,
  holder,
  NOW,
  person,
  planInput,
  previous,
  revokes,
  tiers,
  wants,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

/** In the queue for `to` since `since`, holding `from`. */
function queued(key: number, from: string | null, to: string, since: number): Candidate {
  const before = previous({ state: "waiting", since, queue: { tier: to, since } });
  return person(key, wants(to), { account: account(key, { tier: from }), previous: before });
}

describe("seats", () => {
  test("go to whoever waits longest, then by object id, movers and newcomers alike", () => {
    const people = [
      person(1, wants("Pro")),
      queued(2, null, "Pro", 30),
      queued(3, "Eco", "Pro", 20),
      queued(4, null, "Pro", 20),
    ];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 1, Pro: 2 }) }));
    expect(brief(plan)).toEqual(["change id-3 Eco>Pro", "assign id-4 ->Pro", "create id-1", "wait id-1 ->Pro"]);
  });

  test("that a revoke frees are given in the same plan", () => {
    const people = [holder(1, "Pro", revokes()), queued(2, "Eco", "Pro", 1), queued(3, null, "Eco", 2)];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 1, Pro: 1 }) }));
    expect(brief(plan)).toEqual(["revoke id-1 Pro>-", "change id-2 Eco>Pro", "assign id-3 ->Eco"]);
  });

  test("are exchanged between holders of full tiers", () => {
    const people = [queued(1, "Pro", "Eco", 1), queued(2, "Eco", "Pro", 2), queued(3, "Eco", "Pro", 3)];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 2, Pro: 1 }) }));
    expect(brief(plan)).toEqual(["swap 1: change id-1 Pro>Eco", "swap 1: change id-2 Eco>Pro"]);
    expect(decisionOf(plan, 3).state).toBe("waiting");
  });

  test("are exchanged in rings of three tiers", () => {
    const people = [queued(1, "Pro", "Eco", 3), queued(2, "Eco", "Advanced", 1), queued(3, "Advanced", "Pro", 2)];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 1, Advanced: 1, Pro: 1 }) }));
    expect(brief(plan)).toEqual([
      "swap 1: change id-2 Eco>Advanced",
      "swap 1: change id-3 Advanced>Pro",
      "swap 1: change id-1 Pro>Eco",
    ]);
  });

  test("are exchanged along the way on which people have waited longest", () => {
    const people = [
      queued(1, "Pro", "Eco", 1),
      queued(2, "Eco", "Pro", 9),
      queued(3, "Eco", "Advanced", 2),
      queued(4, "Advanced", "Pro", 3),
    ];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 2, Advanced: 1, Pro: 1 }) }));
    expect(plan.actions.map(({ user }) => user)).toEqual(["id-1", "id-3", "id-4"]);
    expect(decisionOf(plan, 2).state).toBe("waiting");
  });

  test("each exchange has its own number", () => {
    const people = [
      queued(1, "Pro", "Eco", 1),
      queued(2, "Eco", "Pro", 1),
      queued(3, "Pro", "Eco", 2),
      queued(4, "Eco", "Pro", 2),
    ];
    const plan = proposePlan(planInput(people));
    expect(plan.actions.map(({ swap }) => swap)).toEqual([1, 1, 2, 2]);
  });

  test("are taken from nobody when fewer are bought than used", () => {
    const people = [holder(1, "Pro"), holder(2, "Pro"), queued(3, null, "Pro", 1)];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Pro: 1 }) }));
    expect(brief(plan)).toEqual([]);
    expect(plan.tiers).toEqual([{ name: "Pro", seats: 1, used: 2, free: 0, overdraft: 1, waiting: 1 }]);
  });

  test("that come free in an overdraft only make it smaller", () => {
    const people = [holder(1, "Pro", revokes()), holder(2, "Pro"), queued(3, null, "Pro", 1)];
    const plan = proposePlan(planInput(people, { tiers: tiers({ Pro: 1 }) }));
    expect(brief(plan)).toEqual(["revoke id-1 Pro>-"]);
  });

  test("held by people nobody manages count as used", () => {
    const plan = proposePlan(planInput([person(1, wants("Pro"))], { used: new Map([["Pro", 2]]) }));
    expect(decisionOf(plan, 1)).toMatchObject({ state: "waiting", queue: { tier: "Pro", since: NOW } });
  });

  test("of tiers that are no longer declared can be left", () => {
    expect(brief(proposePlan(planInput([holder(1, "Legacy", wants("Pro"))])))).toEqual(["change id-1 Legacy>Pro"]);
  });

  test("are given to 100,000 people well within a second's reach", () => {
    const wanted = ["Eco", "Advanced", "Pro"];
    const people = Array.from({ length: 100_000 }, (_, key) =>
      holder(key, wanted[key % 3] ?? "", wants(wanted[(key + 1) % 3] ?? "")),
    );
    const started = performance.now();
    const plan = proposePlan(planInput(people));
    expect(plan.actions.filter(({ kind }) => kind === "change")).toHaveLength(99_999);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
