import { describe, expect, test } from "bun:test";
import type { Candidate, PersonState } from "../../src/model/person.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { proposePlan } from "../../src/plan/propose.ts";
import type { PlanInput } from "../../src/plan/types.ts";
import {
  account,
  brief,
  DAY,
  decisionOf,
  holder,
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

interface Row {
  readonly title: string;
  readonly who: Candidate;
  readonly input?: Partial<PlanInput>;
  readonly actions: readonly string[];
  readonly state: PersonState;
  readonly reason: string;
}

const none: Verdict = { kind: "none" };
const deleted: Verdict = { kind: "deleted" };
const unknown: Verdict = { kind: "unknown", needs: "mailbox", detail: "mailbox not read yet" };
const otherRule = { name: "eco", file: "rules/b.yaml", line: 7 };
const clash: Verdict = { kind: "conflict", rules: [rule("pro"), otherRule] };
const full = { tiers: tiers({ Eco: 5, Advanced: 0, Pro: 0 }) };
const taken = (parts = {}) => account(1, { revokedAt: NOW - DAY, ...parts });
const clear = (since: number) => previous({ state: "unlicensed", clearSince: since });

const rows: Row[] = [
  {
    title: "a newcomer is created and gets a free seat",
    who: person(1, wants("Pro")),
    actions: ["create id-1", "assign id-1 ->Pro"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "a newcomer without a free seat is created and waits",
    who: person(1, wants("Pro")),
    input: full,
    actions: ["create id-1", "wait id-1 ->Pro"],
    state: "waiting",
    reason: "no free seat of Pro",
  },
  {
    title: "a newcomer whose mailbox is not read yet is left for the next cycle",
    who: person(1, wants("Pro"), { mailboxRead: false }),
    actions: [],
    state: "pending",
    reason: "mailbox not read yet",
  },
  {
    title: "a holder of the wanted tier is left alone",
    who: holder(1, "Pro"),
    actions: [],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "a holder who comes back under management needs no action when the tier fits",
    who: { ...holder(1, "Pro"), previous: previous({ state: "unmanaged" }) },
    actions: [],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "a holder who comes back under management is changed when the tier does not fit",
    who: { ...holder(1, "Eco", wants("Pro")), previous: previous({ state: "unmanaged" }) },
    actions: ["change id-1 Eco>Pro"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "a move to another tier is one change",
    who: holder(1, "Pro", wants("Eco")),
    actions: ["change id-1 Pro>Eco"],
    state: "licensed",
    reason: "rule eco",
  },
  {
    title: "a move to a full tier waits and keeps the old one",
    who: holder(1, "Eco", wants("Pro")),
    input: full,
    actions: ["wait id-1 Eco>Pro"],
    state: "waiting",
    reason: "no free seat of Pro; keeps Eco",
  },
  {
    title: "a new name is an update",
    who: { ...holder(1, "Pro"), profile: "renamed" },
    actions: ["update id-1"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "a new address is an update of the same account",
    who: { ...holder(1, "Pro"), profile: "renamed", address: "new@contoso.example" },
    actions: ["update id-1"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "an account of the address is adopted with the tier it has",
    who: person(1, wants("Pro")),
    input: { unbound: [account(9, { boundTo: null, address: "P1@Contoso.example", tier: "Pro", profile: null })] },
    actions: ["adopt id-1", "update id-1"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "an adopted account of another tier is changed",
    who: person(1, wants("Pro"), { profile: null }),
    input: { unbound: [account(9, { boundTo: null, address: "p1@contoso.example", tier: "Eco" })] },
    actions: ["adopt id-1", "change id-1 Eco>Pro"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "several accounts of one address are a conflict",
    who: person(1, wants("Pro")),
    input: {
      unbound: [8, 9].map((key) => account(key, { boundTo: null, address: "p1@contoso.example", tier: "Eco" })),
    },
    actions: [],
    state: "conflict",
    reason: "2 accounts at the target have the address p1@contoso.example; none is taken over",
  },
  {
    title: "rules that disagree do nothing and are named with their places",
    who: holder(1, "Pro", clash),
    actions: [],
    state: "conflict",
    reason:
      "rules pro (rules/a.yaml:4) and eco (rules/b.yaml:7) have equal priority and name different tiers; nothing is done",
  },
  {
    title: "No_Licence without an account creates none",
    who: person(1, revokes()),
    actions: [],
    state: "unlicensed",
    reason: "only in No_Licence; nothing to take",
  },
  {
    title: "No_Licence takes the licence",
    who: holder(1, "Pro", revokes()),
    actions: ["revoke id-1 Pro>-"],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "No_Licence takes the licence of an account nobody was bound to",
    who: person(1, revokes()),
    input: { unbound: [account(9, { boundTo: null, address: "p1@contoso.example", tier: "Eco" })] },
    actions: ["adopt id-1", "revoke id-1 Eco>-"],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "with purgeAfter 0s the logs go together with the licence",
    who: holder(1, "Pro", revokes()),
    input: { tiers: tiers({ Pro: 1 }, 0) },
    actions: ["revoke id-1 Pro>-", "purge id-1"],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "in doubt the licence is taken and the logs are kept",
    who: holder(1, "Pro", revokes(true)),
    input: { tiers: tiers({ Pro: 1 }, 0) },
    actions: ["revoke id-1 Pro>-"],
    state: "unlicensed",
    reason: "rule remove; event logs are kept while rule pro matches too",
  },
  {
    title: "the logs are purged when purgeAfter has passed",
    who: person(1, revokes(), { account: taken(), previous: clear(NOW - 2 * DAY) }),
    actions: ["purge id-1"],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "the logs are not purged twice",
    who: person(1, revokes(), { account: taken({ purgedAt: NOW - 1 }), previous: clear(NOW - 2 * DAY) }),
    actions: [],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "purgeAfter counts from the end of doubt when that is later than the revoke",
    who: person(1, revokes(), { account: taken(), previous: clear(NOW - 10) }),
    actions: [],
    state: "unlicensed",
    reason: "rule remove",
  },
  {
    title: "a clock that cannot be trusted puts the purge off",
    who: person(1, revokes(), { account: taken(), previous: clear(NOW - 2 * DAY) }),
    input: { purgesAllowed: false },
    actions: [],
    state: "unlicensed",
    reason: "rule remove; the purge waits until this computer's clock is right",
  },
  {
    title: "deletion in Entra does not cancel a purge",
    who: person(1, deleted, { account: taken(), previous: clear(NOW - 2 * DAY) }),
    actions: ["purge id-1"],
    state: "unlicensed",
    reason: "deleted in Entra after the licence was taken",
  },
  {
    title: "leaving No_Licence cancels the purge",
    who: person(1, none, { account: taken(), previous: clear(NOW - 2 * DAY) }),
    actions: ["release id-1"],
    state: "unmanaged",
    reason: "no rule matches any more",
  },
  {
    title: "whoever comes back before the purge gets a seat and keeps account and logs",
    who: person(1, wants("Pro"), { account: taken(), previous: clear(NOW - 2 * DAY) }),
    actions: ["assign id-1 ->Pro"],
    state: "licensed",
    reason: "rule pro",
  },
  {
    title: "whoever was never managed is told so",
    who: person(1, none),
    actions: [],
    state: "unmanaged",
    reason: "no rule matches",
  },
  {
    title: "whoever leaves every group keeps the licence",
    who: holder(1, "Pro", none),
    actions: ["release id-1"],
    state: "unmanaged",
    reason: "no rule matches any more; keeps Pro",
  },
  {
    title: "whoever is deleted in Entra keeps the licence",
    who: holder(1, "Pro", deleted),
    actions: ["release id-1"],
    state: "unmanaged",
    reason: "deleted in Entra; keeps Pro",
  },
  {
    title: "a release is told once",
    who: { ...holder(1, "Pro", none), previous: previous({ state: "unmanaged" }) },
    actions: [],
    state: "unmanaged",
    reason: "no rule matches any more; keeps Pro",
  },
  {
    title: "a holder who becomes a guest keeps the licence",
    who: holder(1, "Pro", skips("guest")),
    actions: ["release id-1"],
    state: "unmanaged",
    reason: "guest; keeps Pro",
  },
  {
    title: "a guest without an account is skipped",
    who: person(1, skips("guest")),
    actions: [],
    state: "skipped",
    reason: "guest",
  },
  {
    title: "what is not known yet changes nothing",
    who: holder(1, "Pro", unknown),
    actions: [],
    state: "pending",
    reason: "mailbox not read yet",
  },
  {
    title: "the frozen are left alone",
    who: holder(1, "Pro", revokes()),
    input: { frozen: new Map([[1, "held: approve first"]]) },
    actions: [],
    state: "pending",
    reason: "held: approve first",
  },
];

describe("one person", () => {
  for (const { title, who, input, actions, state, reason } of rows) {
    test(title, () => {
      const plan = proposePlan(planInput([who], input));
      expect(brief(plan)).toEqual([...actions]);
      expect(decisionOf(plan, who.key)).toMatchObject({ state, reason });
    });
  }

  test("a verdict for a tier that is not declared is a fault of the program", () => {
    expect(() => proposePlan(planInput([person(1, wants("Gold"))]))).toThrow('no paid tier "Gold"');
  });
});
