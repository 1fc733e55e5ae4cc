import { describe, expect, test } from "bun:test";
import type { Candidate } from "../../src/model/person.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import type { PlanInput } from "../../src/plan/types.ts";
import {
  account,
  brief,
  decisionOf,
  NOW,
  person,
  planInput,
  previous,
  revokes,
  rule,
  skips,
  tiers,
  wants,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

const none: Verdict = { kind: "none" };
const deleted: Verdict = { kind: "deleted" };
const unknown: Verdict = { kind: "unknown", needs: "mailbox", detail: "mailbox not read yet" };
const clash: Verdict = {
  kind: "conflict",
  rules: [rule("pro"), { name: "eco", file: "rules/b.yaml", line: 7 }],
};
const rival = account(2, { address: "taken@example.com", boundTo: "id-elsewhere" });
const full = { tiers: tiers({ Eco: 5, Advanced: 0, Pro: 0 }) };
const taken = { ...full, unbound: [rival] };

describe("what goes on from the last decision", () => {
  const failure = { code: "ERR_TARGET_REFUSED", message: "refused", attempts: 2, nextTryAt: NOW + 1 };
  const refused = previous({ state: "error", reason: "refused: no such mailbox", since: 7, failure });

  test("a refusal keeps state, reason and time until the next try is due", () => {
    const plan = proposePlan(planInput([person(1, wants("Pro"), { previous: refused })]));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "error", reason: "refused: no such mailbox", since: 7 });
  });

  test("a refusal whose next try is due is planned as usual", () => {
    const due = { ...refused, failure: { ...failure, nextTryAt: NOW } };
    const plan = proposePlan(planInput([person(1, wants("Pro"), { previous: due })]));
    expect(brief(plan)).toEqual(["create id-1", "assign id-1 ->Pro"]);
  });

  const queued = previous({ state: "waiting", since: 7, queue: { tier: "Pro", since: 7 } });
  const keeping: [string, Verdict, Partial<Candidate>, Partial<PlanInput>, number | null][] = [
    ["waiting on", wants("Pro"), {}, full, 7],
    ["a new name", wants("Pro"), { profile: "renamed" }, full, 7],
    ["an unread mailbox", unknown, {}, full, 7],
    ["being frozen", wants("Pro"), {}, { ...full, frozen: new Map([[1, "held"]]) }, 7],
    ["a revoke that is held", revokes(), {}, { ...full, frozen: new Map([[1, "held"]]) }, 7],
    ["a refusal", wants("Pro"), { previous: { ...queued, state: "error", failure } }, full, 7],
    ["wanting another tier", wants("Advanced"), {}, full, NOW],
    ["leaving", none, {}, full, null],
    ["deletion", deleted, {}, full, null],
    ["a conflict of rules", clash, {}, full, 7],
    ["an address that somebody else has", wants("Pro"), { address: "taken@example.com", profile: "renamed" }, taken, 7],
    ["another tier and a taken address", wants("Eco"), { address: "taken@example.com" }, taken, null],
    ["being skipped", skips(), {}, full, null],
    ["a revoke", revokes(), {}, full, null],
    ["getting the seat", wants("Pro"), {}, {}, null],
  ];
  for (const [title, verdict, parts, input, since] of keeping) {
    test(`the place in the queue after ${title} is ${since === 7 ? "kept" : since === null ? "gone" : "a new one"}`, () => {
      const one = person(1, verdict, { account: account(1, { tier: "Eco" }), previous: queued, ...parts });
      expect(decisionOf(proposePlan(planInput([one], input)), 1).queue?.since ?? null).toBe(since);
    });
  }

  const kept: [string, Candidate, Partial<PlanInput>][] = [
    ["whose creation is held", person(1, wants("Pro")), { frozen: new Map([[1, "held"]]) }],
    ["whose mailbox is not read", person(1, wants("Pro"), { mailboxRead: false }), {}],
    [
      "whose change is held",
      person(1, wants("Pro"), { account: account(1, { tier: "Eco" }) }),
      { frozen: new Map([[1, "held"]]) },
    ],
  ];
  test.each(kept)("somebody %s stands in the queue from then on", (_, one, input) => {
    const decision = decisionOf(proposePlan(planInput([one], input)), 1);
    expect(decision).toMatchObject({ state: "pending", queue: { tier: "Pro", since: NOW } });
    const later = proposePlan(
      planInput([{ ...one, mailboxRead: true, previous: { ...decision, failure: null } }], { ...full, now: NOW + 9 }),
    );
    expect(decisionOf(later, 1)).toMatchObject({ state: "waiting", queue: { tier: "Pro", since: NOW } });
  });

  test("somebody who has the tier and is frozen stands in no queue", () => {
    const one = person(1, wants("Pro"), { account: account(1, { tier: "Pro" }) });
    const frozen = new Map([[1, "held"]]);
    expect(decisionOf(proposePlan(planInput([one], { frozen })), 1).queue).toBeNull();
  });

  test("waiting on is no action, and keeps its time", () => {
    const one = person(1, wants("Pro"), { account: account(1), previous: queued });
    const plan = proposePlan(planInput([one], full));
    expect(brief(plan)).toEqual([]);
    expect(decisionOf(plan, 1).since).toBe(7);
  });
});
