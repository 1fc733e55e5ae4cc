import { describe, expect, test } from "bun:test";
import { GUARDED_KINDS } from "../../src/model/action.ts";
import { reasonInFrench } from "../../src/notify/reasons-fr.ts";
import { excess } from "../../src/plan/brakes.ts";
import { guardPlan } from "../../src/plan/guard.ts";
import type { GuardInput } from "../../src/plan/types.ts";
import {
  account,
  decisionOf,
  guardInput,
  pairs,
  person,
  planInput,
  previous,
  revokes,
  rule,
  wants,
} from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

/** Why one person's revoke is held. */
function heldFor(guard: Partial<GuardInput>, adopted = false): string {
  const holder = person(1, revokes(), { account: account(1, { tier: "Pro", adopted }), previous: previous() });
  return guardPlan(planInput([holder]), guardInput(guard)).holds[0]?.reason ?? "";
}

function openHold(): string {
  const holder = person(1, revokes(), { account: account(1, { tier: "Pro" }), previous: previous() });
  const { actions } = proposePlan(planInput([holder]));
  return heldFor({ held: pairs(actions) });
}

/** Why the last of these people is in conflict. */
function conflictOf(number: number, parts: Parameters<typeof planInput>[1] = {}, last: object = {}): string {
  const address = "a@x.example";
  const people = Array.from({ length: number }, (_, index) => person(index + 1, wants("Pro"), { address }));
  people[number - 1] = { ...(people[number - 1] as (typeof people)[number]), ...last };
  return decisionOf(proposePlan(planInput(people, parts)), number).reason;
}

const limits = { count: 1, percent: 10 };
const strict = guardInput({ limits: { revoke: limits, purge: limits, change: limits, create: limits } });
const shares = guardInput({
  ...strict,
  limits: Object.fromEntries(GUARDED_KINDS.map((kind) => [kind, { count: 99, percent: 10 }])) as GuardInput["limits"],
  accounts: 20,
});
const nobodys = (key: number) => account(key, { boundTo: null, address: "a@x.example" });
const disagree = { kind: "conflict", rules: [rule("pro"), rule("eco")] } as const;
const moved = {
  profile: "changed",
  account: account(1, { address: "old@x.example", tier: "Pro" }),
  previous: previous(),
};

describe("a reason in French", () => {
  test.each([
    ...GUARDED_KINDS.map((kind) => [excess(kind, 40, strict) ?? "", "la limite est de 1"]),
    ...GUARDED_KINDS.map((kind) => [excess(kind, 40, shares) ?? "", "plus de 10 % de 20 comptes"]),
    [heldFor({ suspicious: true }), "restaurée ou vient d'ailleurs"],
    [heldFor({ initial: true }, true), "ne retire rien aux comptes repris"],
    [openHold(), "demande encore ouverte"],
    [
      conflictOf(1, {}, { verdict: disagree }),
      "les règles pro (rules/a.yaml:4) et eco (rules/a.yaml:4) ont la même priorité",
    ],
    [conflictOf(2), "l'adresse a@x.example est aussi revendiquée par id-1\u00A0; rien"],
    [conflictOf(6), "revendiquée par id-1, id-2, id-3 et 2 de plus"],
    [
      conflictOf(1, { unbound: [nobodys(8), nobodys(9)] }),
      "2 comptes du système de licences ont l'adresse a@x.example",
    ],
    [conflictOf(1, { unbound: [nobodys(9)] }, moved), "la nouvelle adresse a@x.example est celle d'un autre compte"],
  ])("for: %s", (reason, said) => {
    expect(reasonInFrench(reason)).toContain(said);
    expect(reasonInFrench(reason)).not.toMatch(/\b(the|and|accounts|nothing)\b/);
  });

  test("that is none of the plan's stays as it is", () => {
    expect(reasonInFrench("rules pro and eco went for lunch")).toBe("rules pro and eco went for lunch");
  });
});
