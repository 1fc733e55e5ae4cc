import { describe, expect, test } from "bun:test";
import type { GuardInput, Plan } from "../../src/plan/types.ts";
import { due, guarded, leaver, many, mover, newcomer } from "../support/guard-people.ts";
import { account, brief, decisionOf, guardInput, holder, pairs, person, tiers, wants } from "../support/plan-people.ts";

function kinds(plan: Plan): string[] {
  return [...new Set(plan.actions.map(({ kind }) => kind))].sort();
}

describe("a limit", () => {
  test("holds thirty revokes in a tenant of a hundred as one, while a newcomer gets a seat", () => {
    const { plan, holds } = guarded([...many(30, leaver), newcomer(50)]);
    expect(brief(plan)).toEqual(["create id-50", "assign id-50 ->Eco"]);
    expect(holds).toHaveLength(1);
    expect(holds[0]).toMatchObject({ guard: "revoke", reason: "30 revokes in 24 h exceed the limit of 25" });
    expect(holds[0]?.actions).toHaveLength(30);
    expect(decisionOf(plan, 1)).toMatchObject({
      state: "pending",
      reason: "held: 30 revokes in 24 h exceed the limit of 25; approve or reject hold",
      purgeAt: null,
    });
  });

  const numbers: [string, number, Partial<GuardInput>, boolean][] = [
    ["10 of 100 are not over 10 %", 10, {}, false],
    ["11 of 100 are over 10 %", 11, {}, true],
    ["25 of 1000 are not over the count", 25, { accounts: 1000 }, false],
    ["26 of 1000 are over the count", 26, { accounts: 1000 }, true],
    ["2 of 2 are too few for a percentage", 2, { accounts: 2 }, false],
    ["3 of 3 are not", 3, { accounts: 3 }, true],
    [
      "what was done in the last 24 h counts",
      1,
      { recent: { ...guardInput().recent, revoke: 25 }, accounts: 1000 },
      true,
    ],
    [
      "what was done in the last 24 h counts towards three people",
      1,
      { recent: { ...guardInput().recent, revoke: 2 }, accounts: 3 },
      true,
    ],
    ["without a limit nothing is held", 100, { limits: { ...guardInput().limits, revoke: null } }, false],
  ];
  for (const [title, count, guard, held] of numbers) {
    test(`${title}: ${held ? "held" : "done"}`, () => {
      const { plan, holds } = guarded(many(count, leaver), guard);
      expect(holds.flatMap(({ actions }) => actions)).toHaveLength(held ? count : 0);
      expect(plan.actions).toHaveLength(held ? 0 : count);
    });
  }

  test("on creations holds each with its assign or its wait", () => {
    const { plan, holds } = guarded(many(60, newcomer), {}, tiers({ Eco: 40 }));
    expect(plan.actions).toEqual([]);
    expect(holds[0]?.guard).toBe("create");
    expect(holds[0]?.actions.filter(({ kind }) => kind === "assign")).toHaveLength(40);
    expect(holds[0]?.actions.filter(({ kind }) => kind === "wait")).toHaveLength(20);
  });

  test("leaves the other kinds alone", () => {
    const { plan, holds } = guarded([...many(30, leaver), ...many(5, mover, 40), ...many(5, newcomer, 50)]);
    expect(kinds(plan)).toEqual(["assign", "change", "create"]);
    expect(holds.map(({ guard }) => guard)).toEqual(["revoke"]);
  });

  test("on revokes gives nobody the seats that only they would free", () => {
    const waiting = many(5, (key) => person(key, wants("Pro"), { account: account(key) }), 60);
    const { plan } = guarded([...many(30, leaver), ...waiting], {}, tiers({ Eco: 5, Pro: 30 }));
    expect(kinds(plan)).toEqual(["wait"]);
    expect(plan.tiers.find(({ name }) => name === "Pro")).toMatchObject({ used: 30, waiting: 5 });
  });

  test("on changes is judged without those that hang on a held revoke", () => {
    const people = [...many(30, leaver), ...many(30, mover, 60)];
    const { plan, holds } = guarded(people, {}, tiers({ Eco: 50, Pro: 30 }));
    expect(holds.map(({ guard }) => guard)).toEqual(["revoke"]);
    expect(kinds(plan)).toEqual(["wait"]);
  });

  test("on changes holds everybody who would come next, and the newcomer behind them gets the seat", () => {
    const people = [...many(40, mover), person(90, wants("Pro"))];
    const { plan, holds } = guarded(people, {}, tiers({ Eco: 50, Pro: 30 }));
    expect(brief(plan)).toEqual(["create id-90", "assign id-90 ->Pro"]);
    expect(holds).toHaveLength(1);
    expect(holds[0]?.actions).toHaveLength(40);
  });

  test("on changes breaks an exchange apart", () => {
    const people = [...many(15, mover), ...many(15, (key) => holder(key, "Pro", wants("Eco")), 40)];
    const { plan, holds } = guarded(people, {}, tiers({ Eco: 15, Pro: 15 }));
    expect(plan.actions).toEqual([]);
    expect(holds[0]?.actions).toHaveLength(30);
  });
});

describe("purges", () => {
  const atOnce = tiers({ Pro: 100 }, 0);

  test("that are part of a revoke are held with it", () => {
    const { plan, holds } = guarded(many(30, leaver), { limits: { ...guardInput().limits, purge: null } }, atOnce);
    expect(plan.actions).toEqual([]);
    expect(holds).toHaveLength(1);
    expect(holds[0]).toMatchObject({ guard: "revoke" });
    expect(holds[0]?.actions).toHaveLength(60);
  });

  test("over their own limit hold the revoke that they are part of", () => {
    const { plan, holds } = guarded(many(30, leaver), { limits: { ...guardInput().limits, revoke: null } }, atOnce);
    expect(plan.actions).toEqual([]);
    expect(holds.map(({ guard, actions }) => [guard, actions.length])).toEqual([["purge", 60]]);
  });

  test("held as part of a revoke count for those that are due", () => {
    const { holds } = guarded([...many(30, leaver), due(70)], {}, atOnce);
    expect(holds.map(({ guard, actions }) => [guard, actions.length])).toEqual([
      ["revoke", 60],
      ["purge", 1],
    ]);
  });

  test("that are due are held on their own", () => {
    const { holds } = guarded(many(12, due));
    expect(holds).toMatchObject([{ guard: "purge", reason: "12 purges in 24 h exceed 10 % of 100 accounts" }]);
  });
});

test("a suspicious database changes and takes nothing unapproved, and still creates", () => {
  const people = [leaver(1), due(2), mover(3), newcomer(4)];
  const { plan, holds } = guarded(people, { suspicious: true });
  expect(brief(plan)).toEqual(["create id-4", "assign id-4 ->Eco"]);
  expect(holds.map(({ guard }) => guard)).toEqual(["revoke", "purge", "change"]);
  const approved = holds.flatMap(({ actions }) => pairs(actions));
  expect(guarded(people, { suspicious: true, approved }).holds).toEqual([]);
});

test("everybody whose tier falls at once is held in a few drafts, not one for each free seat", () => {
  const people = many(20_000, mover);
  const { holds } = guarded(people, { accounts: 20_000 }, tiers({ Eco: 20_000, Pro: 201 }));
  expect(holds[0]?.actions).toHaveLength(20_000);
});
