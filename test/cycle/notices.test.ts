import { describe, expect, test } from "bun:test";
import type { Known } from "../../src/cycle/evaluated-person.ts";
import { decisionNotices, holdNotices, releaseNotices, seatNotices, settledNotices } from "../../src/cycle/notices.ts";
import type { DecidedPerson, SettledAction } from "../../src/cycle/store-ports.ts";
import type { Action, ActionKind } from "../../src/model/action.ts";
import type { Notice } from "../../src/model/notice.ts";
import type { Decision } from "../../src/model/person.ts";
import { tierUsage } from "../../src/model/tier.ts";
import { conditions } from "../support/notices.ts";

const NOW = Date.UTC(2026, 2, 1);
const DAY = 24 * 60 * 60 * 1000;

const ada: Known = {
  key: 1,
  id: "ada",
  address: "ada@contoso.example",
  verdict: { kind: "none" },
  profile: null,
  mailboxRead: true,
  account: null,
  previous: null,
  displayName: "Ada",
  groups: [],
};
const grace: Known = { ...ada, key: 2, id: "grace", address: null, displayName: "Grace" };
const people = new Map([ada, grace].map((person) => [person.key, person]));
const PERSON = { id: "ada", address: "ada@contoso.example", displayName: "Ada" };

function decided(change: Partial<Decision>, person = 1): DecidedPerson {
  const decision: Decision = {
    state: "licensed",
    reason: "rule pro",
    since: NOW,
    queue: null,
    clearSince: null,
    purgeAt: null,
    wanted: "Pro",
    rule: null,
    ...change,
  };
  return { person, decision, address: null, groups: [], failure: null };
}

function action(kind: ActionKind, person: Known, change: Partial<Action> = {}): Action {
  return { kind, user: person.id, person: person.key, address: null, from: null, to: null, reason: "", ...change };
}

function settled(one: Action, change: Partial<SettledAction> = {}): SettledAction {
  return { action: one, failure: null, approved: false, decided: null, at: NOW, ...change };
}

const prepared = {
  people,
  guarded: {
    plan: { actions: [], decisions: new Map<number, Decision>(), tiers: [tierUsage("Pro", 10, 10, 2)] },
    holds: [],
  },
  waitingElsewhere: new Map([["Pro", 4]]),
};

const keys = (notices: readonly Notice[]) => notices.map(({ key }) => key);

describe("people without a seat", () => {
  const wait = action("wait", ada, { from: "Eco", to: "Pro" });

  test("are told with the seats of the tier and since when they wait", () => {
    const since = NOW - 1000;
    const waiting = decided({ state: "waiting", queue: { tier: "Pro", since } });
    expect(settledNotices([settled(wait, { decided: waiting })], prepared)).toEqual([
      {
        key: `seats.exhausted/Pro/ada/${since}`,
        topic: "seats.exhausted/Pro",
        data: {
          kind: "seats.exhausted",
          tier: "Pro",
          seats: 10,
          used: 10,
          waiting: 6,
          person: PERSON,
          since: "2026-02-28T23:59:59.000Z",
          keeps: "Eco",
        },
      },
    ]);
  });

  test("are one event each, so that the second is news and the first is not", () => {
    const second = action("wait", grace, { to: "Pro" });
    const [first, other] = settledNotices([settled(wait), settled(second)], prepared);
    expect(first?.key).not.toBe(other?.key as string);
    expect(first?.topic).toBe(other?.topic as string);
    expect(keys(settledNotices([settled(wait)], prepared))).toEqual([first?.key as string]);
  });

  test("are not told when the action failed", () => {
    const failure = { code: "ERR_TARGET_REFUSED", message: "no", attempts: 1, nextTryAt: NOW };
    expect(settledNotices([settled(wait, { failure })], prepared)).toEqual([]);
  });
});

describe("event logs", () => {
  test("are announced before they are deleted, and told when they are", () => {
    const purgeAt = NOW + DAY;
    const revoked = decided({ state: "unlicensed", purgeAt, wanted: "No_Licence" });
    const coming = settledNotices([settled(action("revoke", ada), { decided: revoked })], prepared);
    expect(coming).toEqual([
      {
        key: `purge.coming/ada/${purgeAt}`,
        topic: "purge.coming",
        data: { kind: "purge.coming", person: PERSON, tier: "No_Licence", purgeAt: "2026-03-02T00:00:00.000Z" },
      },
    ]);
    expect(decisionNotices([revoked], people)).toEqual(coming);
    const done = settledNotices([settled(action("purge", ada))], prepared);
    expect(done).toMatchObject([{ topic: "purge.done", data: { person: PERSON, at: "2026-03-01T00:00:00.000Z" } }]);
  });

  test("are announced again for another time only", () => {
    const at = (purgeAt: number) => keys(decisionNotices([decided({ purgeAt })], people));
    expect(at(NOW + DAY)).toEqual(at(NOW + DAY));
    expect(at(NOW + DAY)).not.toEqual(at(NOW + 2 * DAY));
  });
});

describe("a conflict", () => {
  const told = (change: Partial<Decision>, key = 1) =>
    keys(decisionNotices([decided({ state: "conflict", reason: "rules a and b", ...change }, key)], people));

  test("is one event for a person and a reason while it lasts", () => {
    expect(told({})).toEqual(told({}));
    expect(told({})).not.toEqual(told({ reason: "rules a and c" }));
    expect(told({})).not.toEqual(told({}, 2));
    expect(told({})).not.toEqual(told({ since: NOW + DAY }));
  });

  test("names people by the address of their account when the directory has none", () => {
    const account = { ...accountOf("old@contoso.example") };
    const gone = new Map([[2, { ...grace, account }]]);
    const [notice] = decisionNotices([decided({ state: "conflict" }, 2)], gone);
    expect(notice?.data).toMatchObject({ person: { address: "old@contoso.example" } });
  });
});

function accountOf(address: string) {
  const none = { profile: null, revokedAt: null, purgedAt: null, adopted: false };
  return { key: 1, boundTo: "grace", address, tier: null, ...none };
}

describe("seats nearly out", () => {
  const tiers = [
    { kind: "paid", name: "Pro", seats: 10, warnBelow: 2 },
    { kind: "paid", name: "Eco", seats: 10, warnBelow: null },
    { kind: "revoking", name: "No_Licence", purgeAfter: 0 },
  ] as const;

  test("are told once until enough are free again", () => {
    let now = NOW;
    const ongoing = conditions(() => now);
    const told = (used: number) => {
      now += 1;
      return keys(seatNotices(tiers, new Map([["Pro", used]]), ongoing));
    };
    expect(told(8)).toEqual([]);
    const first = told(9);
    expect(first).toHaveLength(1);
    expect(told(10)).toEqual(first);
    expect(told(8)).toEqual([]);
    expect(told(9)).not.toEqual(first);
  });

  test("are not told of a tier without a limit", () => {
    expect(
      seatNotices(
        tiers,
        new Map([["Eco", 10]]),
        conditions(() => NOW),
      ),
    ).toEqual([]);
  });
});

describe("a hold", () => {
  test("is told with its numbers and the first of its actions", () => {
    const actions = Array.from({ length: 60 }, () => action("revoke", ada, { from: "Pro" }));
    const hold = { id: "h1", tenant: "contoso", guard: "revoke", reason: "60 revokes", actions } as const;
    const [notice] = holdNotices([{ ...hold, since: "s", expiresAt: "e" }]);
    expect(notice).toMatchObject({ key: "hold.formed/h1", data: { reason: "60 revokes", kinds: { revoke: 60 } } });
    expect(notice?.data.kind === "hold.formed" && notice.data.actions).toHaveLength(50);
  });
});

describe("many people leaving at once", () => {
  const released = (count: number, managed: number) =>
    releaseNotices(
      "c1",
      Array.from({ length: count }, () => action("release", ada)),
      () => managed,
    );

  test.each([
    [10, 100, 0],
    [11, 100, 1],
    [2, 2, 0],
    [3, 29, 1],
    [3, 30, 0],
  ])("%i of %i are told %i times", (count, managed, times) => {
    expect(released(count, managed)).toHaveLength(times);
  });

  test("are not counted when nobody leaves", () => {
    const managed = () => {
      throw new Error("counted");
    };
    expect(releaseNotices("c1", [action("create", ada)], managed)).toEqual([]);
  });
});
