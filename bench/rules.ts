/** How many people the rules are applied to in a second: the shipped rules and one on an attribute. */
import shipped from "../rules/secure-exchanges.yaml" with { type: "text" };
import type { ScopedGroup } from "../src/model/directory.ts";
import { bindRules } from "../src/rules/bind.ts";
import { evaluate } from "../src/rules/evaluate.ts";
import { readRules } from "../src/rules/parse.ts";
import { report } from "./child.ts";

const PEOPLE = 200_000;
const NAMES = ["Eco", "Advanced", "Pro", "No_Licence"];

const extra =
  "rules:\n  - {name: legal, tier: Pro, priority: 40, when: {all: [{group: Eco}, {attribute: mail, like: '*@legal.*'}]}}\n";
const { ruleSet, findings } = readRules([
  { path: "rules/secure-exchanges.yaml", text: shipped },
  { path: "rules/legal.yaml", text: extra },
]);
const groups = NAMES.map((name): ScopedGroup => ({ id: name, displayName: name, visibility: null, role: "member" }));
const tiers = NAMES.map((name) =>
  name === "No_Licence"
    ? ({ kind: "revoking", name, purgeAfter: 0 } as const)
    : ({ kind: "paid", name, seats: 1, warnBelow: null } as const),
);
if (findings.length > 0) throw new Error("the rules are broken");
const { bound } = bindRules(ruleSet, { tenant: "contoso", tiers, groups, mailboxSettings: false });
if (bound === null) throw new Error("the rules do not bind");

const sets = NAMES.map((name) => new Set([name]));
const started = performance.now();
let matched = 0;
for (let person = 0; person < PEOPLE; person += 1) {
  const mail = `person${person}@contoso.example`;
  const properties = { userPrincipalName: mail, mail, accountEnabled: true, userType: "Member" };
  const membership = sets[person % sets.length] ?? new Set<string>();
  const verdict = evaluate(
    bound,
    { id: mail, properties, mailbox: "missing", groups: membership, presence: "present" },
    started,
  );
  if (verdict.kind !== "none") matched += 1;
}
const seconds = (performance.now() - started) / 1000;
if (matched !== PEOPLE) throw new Error(`${matched} of ${PEOPLE} matched`);
report({ perSecond: Math.round(PEOPLE / seconds) });
