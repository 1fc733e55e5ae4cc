import { describe, expect, test } from "bun:test";
import type { Verdict } from "../../src/model/verdict.ts";
import {
  account,
  holder,
  person,
  planInput,
  previous,
  revokes,
  rule,
  skips,
  tiers,
  wants,
} from "../support/plan-people.ts";
import { type PlanRow, testRows } from "../support/plan-rows.ts";
import { proposePlan } from "../support/propose-plan.ts";

const none: Verdict = { kind: "none" };
const deleted: Verdict = { kind: "deleted" };
const unknown: Verdict = { kind: "unknown", needs: "mailbox", detail: "mailbox not read yet" };
const otherRule = { name: "eco", file: "rules/b.yaml", line: 7 };
const clash: Verdict = { kind: "conflict", rules: [rule("pro"), otherRule] };
const full = { tiers: tiers({ Eco: 5, Advanced: 0, Pro: 0 }) };

const rows: PlanRow[] = [
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
  testRows(rows);

  test("a verdict for a tier that is not declared is a fault of the program", () => {
    expect(() => proposePlan(planInput([person(1, wants("Gold"))]))).toThrow('no paid tier "Gold"');
  });
});
