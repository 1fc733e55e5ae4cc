import { expect, test } from "bun:test";
import { DAY, decisionOf, NOW, person, planInput, previous, tiers, wants } from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

test("newcomers of the same rule share a decision, and nobody else", () => {
  const [verdict, other] = [wants("Pro"), wants("Eco")];
  const old = person(4, verdict, { previous: previous({ since: NOW - DAY }) });
  const people = [person(1, verdict), person(2, verdict), person(3, other), old];
  const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 9, Pro: 9 }) }));
  expect(decisionOf(plan, 2)).toBe(decisionOf(plan, 1));
  expect(decisionOf(plan, 3)).toMatchObject({ wanted: "Eco", reason: "rule eco" });
  expect(decisionOf(plan, 4)).toMatchObject({ wanted: "Pro", since: NOW - DAY });
});
