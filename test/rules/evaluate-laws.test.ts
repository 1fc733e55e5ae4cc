/** Laws that hold for any rules and any person. */
import { describe, test } from "bun:test";
import fc from "fast-check";
import type { Mailbox } from "../../src/model/directory.ts";
import { evaluate } from "../../src/rules/evaluate.ts";
import { bind, NOW, person, rulesOf } from "./rule-builders.ts";

const TIER_NAMES = ["Eco", "Advanced", "Pro", "No_Licence"];
const PAID = ["Eco", "Advanced", "Pro"];
const GROUP_NAMES = ["Eco", "Advanced", "Pro", "No_Licence"];
const PURPOSES = ["user", "shared", "linked"];

const condition = fc.letrec<{ when: string }>((tie) => ({
  when: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(...GROUP_NAMES).map((name) => `{group: ${name}}`),
    fc.constantFrom(...PURPOSES).map((purpose) => `{attribute: mailbox.purpose, equals: ${purpose}}`),
    tie("when").map((inner) => `{not: ${inner}}`),
    fc.tuple(fc.constantFrom("all", "any"), tie("when"), tie("when")).map(([kind, a, b]) => `{${kind}: [${a}, ${b}]}`),
  ),
})).when;

interface Draft {
  readonly tier: string;
  readonly priority: number;
  readonly when: string;
  readonly include: readonly string[];
}
const draft: fc.Arbitrary<Draft> = fc.record({
  tier: fc.constantFrom(...TIER_NAMES),
  priority: fc.integer({ min: 1, max: 4 }),
  when: condition,
  include: fc.subarray(["guests", "disabled", "sharedMailboxes"]),
});
const drafts = fc.array(draft, { maxLength: 6 });
const written = (all: readonly Draft[]) =>
  all.map(
    ({ tier, priority, when, include }, i) =>
      `{name: r${i}, tier: ${tier}, priority: ${priority}, when: ${when}, include: [${include.join(", ")}]}`,
  );

const MAILBOXES: Mailbox[] = [...PURPOSES.map((purpose) => ({ purpose, locale: null, timeZone: null })), "missing"];
const who = fc.record({
  groups: fc.subarray(GROUP_NAMES),
  properties: fc.record({
    accountEnabled: fc.boolean(),
    userType: fc.constantFrom("Member", "Guest"),
    mail: fc.constantFrom(null, "a@b.example"),
  }),
  mailbox: fc.constantFrom(...MAILBOXES),
});
const outcome = (
  rules: readonly string[],
  { groups, ...options }: Parameters<typeof person>[1] & { groups: readonly string[] },
) => evaluate(bind(rulesOf(...rules)), person(groups, options), NOW);
/** What comes out of it; which of several equal rules skips somebody is only a matter of words. */
const tierOf = (verdict: ReturnType<typeof evaluate>) =>
  verdict.kind === "tier" || verdict.kind === "revoke" ? `${verdict.kind} ${verdict.tier}` : verdict.kind;

describe("evaluation", () => {
  test("does not depend on the order of the rules", () => {
    fc.assert(
      fc.property(fc.tuple(drafts, fc.infiniteStream(fc.nat())), who, ([all, keys], facts) => {
        const rules = written(all);
        const shuffled = rules.map((rule) => ({ rule, key: keys.next().value })).sort((a, b) => a.key - b.key);
        return (
          tierOf(outcome(rules, facts)) ===
          tierOf(
            outcome(
              shuffled.map(({ rule }) => rule),
              facts,
            ),
          )
        );
      }),
    );
  });

  test("is not changed by a rule of lower priority than the one that won", () => {
    fc.assert(
      fc.property(drafts, draft, who, (all, lower, facts) => {
        const before = outcome(written(all), facts);
        if (before.kind !== "tier" && before.kind !== "revoke") return true;
        const after = outcome(
          [...written(all), `{name: low, tier: ${lower.tier}, priority: 0, when: ${lower.when}}`],
          facts,
        );
        return tierOf(before) === tierOf(after);
      }),
    );
  });

  test("lets a revoking rule of the highest priority win over everything, whoever the person is", () => {
    fc.assert(
      fc.property(drafts, who, fc.constantFrom<Mailbox>(...MAILBOXES, "unread"), (all, facts, mailbox) => {
        const rules = [...written(all), "{name: top, tier: No_Licence, priority: 9, when: {group: No_Licence}}"];
        const verdict = outcome(rules, { ...facts, groups: ["No_Licence", ...facts.groups], mailbox });
        return verdict.kind === "revoke" && verdict.rule.name === "top";
      }),
    );
  });

  test("takes no licence without a revoking rule", () => {
    fc.assert(
      fc.property(
        fc.array(draft.map((one) => ({ ...one, tier: PAID[one.priority % 3] ?? "Eco" }))),
        who,
        (all, facts) => {
          return outcome(written(all), facts).kind !== "revoke";
        },
      ),
    );
  });

  test("gives a paid tier only to people whom its rule includes", () => {
    fc.assert(
      fc.property(drafts, who, (all, facts) => {
        const verdict = outcome(written(all), facts);
        if (verdict.kind !== "tier") return true;
        const include = all[Number(verdict.rule.name.slice(1))]?.include ?? [];
        const { userType, accountEnabled } = facts.properties;
        const shared = typeof facts.mailbox === "object" && facts.mailbox.purpose === "shared";
        return (
          (userType !== "Guest" || include.includes("guests")) &&
          (accountEnabled || include.includes("disabled")) &&
          (!shared || include.includes("sharedMailboxes"))
        );
      }),
    );
  });

  test("of an unread mailbox decides for a tier only what every mailbox condition leaves as it is", () => {
    fc.assert(
      fc.property(drafts, who, (all, facts) => {
        const open = all.map((one) => ({ ...one, include: ["guests", "disabled", "sharedMailboxes"] }));
        const rules = written(open);
        const unread = outcome(rules, { ...facts, mailbox: "unread" });
        if (unread.kind === "unknown") return true;
        return MAILBOXES.every((mailbox) => tierOf(outcome(rules, { ...facts, mailbox })) === tierOf(unread));
      }),
      { numRuns: 300 },
    );
  });

  test("never says `none` of an unread mailbox when some mailbox would give or take a tier", () => {
    fc.assert(
      fc.property(drafts, who, (all, facts) => {
        const rules = written(all);
        if (outcome(rules, { ...facts, mailbox: "unread" }).kind !== "none") return true;
        return MAILBOXES.every((mailbox) => outcome(rules, { ...facts, mailbox }).kind === "none");
      }),
      { numRuns: 300 },
    );
  });
});
