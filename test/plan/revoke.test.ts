/** Somebody in `No_Licence`: what is taken, when the logs go, and what ends it. */
import { describe } from "bun:test";
import type { Verdict } from "../../src/model/verdict.ts";
import { account, DAY, holder, NOW, person, previous, revokes, tiers, wants } from "../support/plan-people.ts";
import { type PlanRow, testRows } from "../support/plan-rows.ts";

const none: Verdict = { kind: "none" };
const deleted: Verdict = { kind: "deleted" };
const taken = (parts = {}) => account(1, { revokedAt: NOW - DAY, ...parts });
const clear = (since: number) => previous({ state: "unlicensed", clearSince: since });

const rows: PlanRow[] = [
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
];

describe("a revoking tier", () => testRows(rows));
