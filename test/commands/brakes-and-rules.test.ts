/** What was ruled on a hold, and edits of the rules after it. */
import { expect, test } from "bun:test";
import { onlyHold, openHome, RULES } from "../support/home.ts";

test("a rejection outlives an edit of the rules that asks for another attribute", async () => {
  const home = openHome();
  const people = Array.from({ length: 30 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
  await home.run("sync");
  for (const id of people) {
    home.tenant.removeMember(home.groups["Eco"] ?? "", id);
    home.tenant.addMember(home.groups["No_Licence"] ?? "", id);
  }
  expect((await home.run("sync")).code).toBe(3);
  const { id } = await onlyHold(home);
  expect((await home.run("holds", "reject", id)).code).toBe(0);
  home.writeRules(
    RULES.replace(
      "rules:\n",
      "rules:\n  - {name: legal, tier: Pro, priority: 40, when: {all: [{group: Pro}, {attribute: city, equals: Oslo}]}}\n",
    ),
  );
  const after = await home.run("sync", "--json");
  expect(after.json.cycles[0]).toMatchObject({ kind: "full", outcome: "succeeded", actions: { revoke: 0 }, held: {} });
});

test("what an approval does not name counts against the limit, also of the same kind for the same person", async () => {
  const home = openHome({ mailboxSettings: false, extra: "guard: {change: {count: 1, percent: 100}}\n" });
  for (const [name, department] of Object.entries({ Ana: "Legal", Ben: "Sales", Cleo: "Audit" })) {
    home.person(name, ["Eco"], { department });
  }
  const give = (tier: string, ...departments: string[]): void =>
    home.writeRules(
      RULES.replace(
        "rules:\n",
        `rules:\n  - {name: by department, tier: ${tier}, priority: 40, when: {attribute: department, in: [${departments.join(", ")}]}}\n`,
      ),
    );
  give("Pro", "Nobody");
  await home.run("sync");
  give("Pro", "Legal", "Sales");
  await home.run("sync");
  const { id } = await onlyHold(home);
  give("Advanced", "Legal");
  const { json } = await home.run("holds", "approve", id, "--json");
  expect(json).toMatchObject({ cycles: [{ actions: { change: 1 }, held: {} }] });
  give("Advanced", "Legal", "Audit");
  expect((await home.run("sync", "--json")).json.cycles[0].held).toEqual({ change: 1 });
});
