import { describe, expect, test } from "bun:test";
import type { Candidate } from "../../src/model/person.ts";
import {
  account,
  brief,
  DAY,
  decisionOf,
  NOW,
  person,
  planInput,
  previous,
  revokes,
  tiers,
  wants,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

const seats = { tiers: tiers({ Pro: 9 }) };

/** Somebody in No_Licence whose account still has the address a@x.example. */
function renamed(parts: Partial<Candidate> = {}, held: string | null = "Pro"): Candidate {
  return person(1, revokes(), {
    address: "gone@x.example",
    profile: "changed",
    account: account(1, { address: "a@x.example", tier: held, revokedAt: held === null ? NOW - 10 : null }),
    previous: previous({ clearSince: NOW - 10 }),
    ...parts,
  });
}

describe("somebody in No_Licence who was renamed", () => {
  test("loses the licence first, then the account follows", () => {
    expect(brief(proposePlan(planInput([renamed()], seats)))).toEqual(["revoke id-1 Pro>-", "update id-1"]);
    expect(brief(proposePlan(planInput([renamed({}, null)], seats)))).toEqual(["update id-1"]);
  });

  test("has the event logs deleted before the account follows: a refusal must not keep them", () => {
    const atOnce = { tiers: tiers({ Pro: 9 }, 0) };
    expect(brief(proposePlan(planInput([renamed()], atOnce)))).toEqual([
      "revoke id-1 Pro>-",
      "purge id-1",
      "update id-1",
    ]);
    const due = { ...seats, now: NOW + 2 * DAY };
    expect(brief(proposePlan(planInput([renamed({}, null)], due)))).toEqual(["purge id-1", "update id-1"]);
  });

  test("leaves the old address to a newcomer in the same plan", () => {
    const newcomer = person(2, wants("Pro"), { address: "A@x.example" });
    const plan = proposePlan(planInput([newcomer, renamed({}, null)], seats));
    expect(brief(plan)).toEqual(["update id-1", "create id-2", "assign id-2 ->Pro"]);
    expect(decisionOf(plan, 1)).toMatchObject({ state: "unlicensed" });
  });

  test("stays where somebody else has the new address: a conflict for both", () => {
    const other = person(2, wants("Pro"), { address: "gone@x.example" });
    expect(brief(proposePlan(planInput([renamed(), other], seats)))).toEqual([]);
  });

  test("keeps what else is known: only the address matters any more", () => {
    const same = renamed({ address: "a@x.example" });
    expect(brief(proposePlan(planInput([same], seats)))).toEqual(["revoke id-1 Pro>-"]);
  });
});
