/** Random tenants for the planner's properties: few tiers, few seats, few addresses, so that people get into each other's way. */
import fc from "fast-check";
import type { Account, Candidate, PreviousDecision } from "../../src/model/person.ts";
import { PERSON_STATES } from "../../src/model/person.ts";
import type { TierName } from "../../src/model/tier.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import type { PlanInput } from "../../src/plan/types.ts";
import { NOW, planInput, revokes, rule, skips, wants } from "./plan-people.ts";

const PAID = ["Eco", "Advanced", "Pro"] as const;
const paid = fc.constantFrom(...PAID);
const heldTier = fc.option(fc.constantFrom<TierName>(...PAID, "Legacy"), { freq: 3 });
const instant = fc.constantFrom(NOW - 3000, NOW - 2000, NOW - 1000, NOW - 1);

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  { weight: 8, arbitrary: paid.map(wants) },
  { weight: 2, arbitrary: fc.boolean().map((doubt) => revokes(doubt)) },
  { weight: 1, arbitrary: fc.constant<Verdict>(revokes(false, "At_Once")) },
  { weight: 1, arbitrary: fc.constant<Verdict>({ kind: "none" }) },
  { weight: 1, arbitrary: fc.constant<Verdict>({ kind: "deleted" }) },
  { weight: 1, arbitrary: fc.constant<Verdict>({ kind: "conflict", rules: [rule("pro"), rule("eco")] }) },
  { weight: 1, arbitrary: fc.constant<Verdict>(skips()) },
  { weight: 1, arbitrary: fc.constant<Verdict>({ kind: "unknown", needs: "mailbox", detail: "mailbox not read yet" }) },
);

const earlier: fc.Arbitrary<PreviousDecision> = fc.record({
  state: fc.constantFrom(...PERSON_STATES),
  reason: fc.constant("before"),
  since: instant,
  queue: fc.option(fc.record({ tier: paid, since: instant })),
  clearSince: fc.option(instant),
  failure: fc.option(
    fc.record({
      code: fc.constant("ERR_TARGET_REFUSED"),
      message: fc.constant("refused"),
      attempts: fc.constant(1),
      nextTryAt: fc.constantFrom(NOW - 1, NOW + 1000),
    }),
    { freq: 9 },
  ),
});

/** Names of mailboxes; `crowded` takes them from a small pool, so that people claim each other's addresses. */
function mailbox(key: number, crowded: boolean): fc.Arbitrary<string> {
  const own = fc.constant(`p${key}@contoso.example`);
  if (!crowded) return own;
  return fc.oneof(
    { weight: 3, arbitrary: own },
    fc.integer({ min: 0, max: 5 }).map((other) => `P${other}@contoso.example`),
  );
}

/** A licence given since clears the revoke, and there is no purge without one. */
function consistent(account: Account): Account {
  const revokedAt = account.tier === null ? account.revokedAt : null;
  return { ...account, revokedAt, purgedAt: revokedAt === null ? null : account.purgedAt };
}

function accountOf(key: number, boundTo: string | null, crowded: boolean): fc.Arbitrary<Account> {
  return fc
    .record({
      key: fc.constant(key),
      boundTo: fc.constant(boundTo),
      address: mailbox(key, crowded),
      tier: heldTier,
      profile: fc.option(fc.constantFrom(`profile-${key}`, "old")),
      revokedAt: fc.option(instant),
      purgedAt: fc.option(instant, { freq: 1 }),
      adopted: fc.boolean(),
    })
    .map(consistent);
}

function profileOf(key: number, address: string): string {
  return address === `p${key}@contoso.example` ? `profile-${key}` : `profile-${key} ${address}`;
}

function candidate(key: number, crowded: boolean): fc.Arbitrary<Candidate> {
  const id = `id-${String(key).padStart(2, "0")}`;
  return fc
    .record({
      key: fc.constant(key),
      id: fc.constant(id),
      address: mailbox(key, crowded),
      verdict,
      mailboxRead: fc.boolean().map((no) => !no || key % 3 > 0),
      account: fc.option(accountOf(key, id, crowded), { freq: 3 }),
      previous: fc.option(earlier, { freq: 4 }),
    })
    .map((parts) => ({
      ...parts,
      profile: parts.verdict.kind === "deleted" ? null : profileOf(key, parts.address),
    }));
}

/** A tenant before a cycle. `crowded`: addresses are contested; otherwise everybody has their own. */
export function tenants(crowded: boolean): fc.Arbitrary<PlanInput> {
  return fc.integer({ min: 1, max: 14 }).chain((size) =>
    fc
      .record({
        people: fc.tuple(...Array.from({ length: size }, (_, key) => candidate(key, crowded))),
        seats: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)),
        strangers: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
        unbound: crowded
          ? fc.array(
              fc.nat(5).chain((key) => accountOf(100 + key, null, true)),
              { maxLength: 3 },
            )
          : fc.constant<Account[]>([]),
        frozen: fc.subarray(
          Array.from({ length: size }, (_, key) => key),
          { maxLength: Math.min(2, size) },
        ),
        purgesAllowed: fc.boolean(),
      })
      .map(({ people, seats, strangers, unbound, frozen, purgesAllowed }) => {
        const accounts = unbound.map((one: Account, index: number) => ({ ...one, key: 100 + index }));
        const input = planInput(people, {
          unbound: accounts,
          frozen: new Map(frozen.map((key) => [key, "held"])),
          purgesAllowed,
          tiers: [
            ...PAID.map((name, index) => ({ kind: "paid" as const, name, seats: seats[index] ?? 0, warnBelow: null })),
            { kind: "revoking", name: "No_Licence", purgeAfter: 1500 },
            { kind: "revoking", name: "At_Once", purgeAfter: 0 },
          ],
        });
        const used = new Map(input.used);
        for (const [index, name] of PAID.entries()) used.set(name, (used.get(name) ?? 0) + (strangers[index] ?? 0));
        return { ...input, used };
      }),
  );
}
