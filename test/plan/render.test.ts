import { expect, test } from "bun:test";
import { actionView } from "../../src/model/views.ts";
import { renderPlan } from "../../src/plan/render.ts";
import { waitingPeople } from "../../src/plan/waiting.ts";
import { account, holder, person, planInput, previous, revokes, tiers, wants } from "../support/plan-people.ts";
import { proposePlan } from "../support/propose-plan.ts";

function rendered(people: Parameters<typeof planInput>[0], limit?: number): string {
  const input = planInput(people, { tiers: tiers({ Eco: 1, Pro: 10 }) });
  const plan = proposePlan(input);
  const view = { name: "contoso", tiers: plan.tiers, actions: plan.actions.map(actionView), held: [] };
  return renderPlan(view, waitingPeople(people, plan), limit === undefined ? {} : { limit });
}

test("a plan reads as tiers, actions by kind and queues", () => {
  const waits = previous({ state: "waiting", queue: { tier: "Eco", since: 0 } });
  const text = rendered([
    holder(1, "Pro", revokes()),
    holder(2, "Eco"),
    person(3, wants("Eco")),
    person(4, wants("Eco"), { account: account(4, { tier: "Pro" }), previous: waits }),
  ]);
  expect(text).toBe(`tenant contoso

tier  bought  used  free  waiting
Eco        1     1     0        2
Pro       10     1     9        0

create an account: 1
  p3@contoso.example    rule eco

begin to wait: 1
  p3@contoso.example  no licence -> Eco  no free seat of Eco

take the licence back: 1
  p1@contoso.example  Pro -> no licence  rule remove

waiting for Eco: 2
  1.  p4@contoso.example  keeps Pro          since 1970-01-01T00:00:00.000Z
  2.  p3@contoso.example  without a licence  since 1970-01-01T00:16:40.000Z
`);
});

test("whoever waits with an account that the plan takes over keeps what that account holds", () => {
  const people = [holder(1, "Eco"), person(2, wants("Eco"))];
  const unbound = [account(9, { boundTo: null, address: "p2@contoso.example", profile: "profile-2", tier: "Pro" })];
  const plan = proposePlan(planInput(people, { tiers: tiers({ Eco: 1, Pro: 10 }), unbound }));
  expect(plan.actions.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ["adopt", "Pro", "Pro"],
    ["wait", "Pro", "Eco"],
  ]);
  expect(waitingPeople(people, plan)).toMatchObject([{ wanted: "Eco", tier: "Pro", position: 1 }]);
});

test("a plan without actions says so", () => {
  expect(rendered([holder(1, "Pro")])).toContain("\n\nnothing to do\n");
});

test("long lists are cut and counted", () => {
  const people = Array.from({ length: 30 }, (_, key) => holder(key, "Pro", revokes()));
  expect(rendered(people, 5)).toContain("  and 25 more\n");
});

test("an address cannot steer the terminal or forge a line", () => {
  const text = rendered([person(1, wants("Pro"), { address: "a\u001b[2J\r\nforged\u202e@x.example" })]);
  expect(text).not.toMatch(/[\u001b\r\u202e]/);
  expect(text).toContain("a\uFFFD[2J\uFFFD\uFFFDforged\uFFFD@x.example");
});

test("what is held names its hold and its people", () => {
  const input = planInput([holder(1, "Pro", revokes())]);
  const actions = proposePlan(input).actions.map(actionView);
  const hold = { id: "h-1", tenant: "contoso", kinds: { revoke: 1 }, since: "", expiresAt: "", actions };
  const text = renderPlan({ name: "contoso", tiers: [], actions: [], held: [hold] }, []);
  expect(text).toContain(
    "held until approved: 1 revoke (hold h-1)\n  p1@contoso.example  Pro -> no licence  rule remove",
  );
});
