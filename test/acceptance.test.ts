import { expect, test } from "bun:test";
import type { RunningAgent } from "../src/running.ts";
import { eventually } from "./support/eventually.ts";
import { openHome, RULES, type TestHome } from "./support/home.ts";
import { startTestAgent } from "./support/running-agent.ts";

function rulesWith(when: string): string {
  return RULES.replace(/^tests:/m, `  - {name: extra, tier: Pro, priority: 40, when: {group: ${when}}}\ntests:`);
}

function opened(): TestHome {
  const home = openHome({ mailboxSettings: false });
  home.person("Ana", ["Eco"]);
  return home;
}

const until = (holds: () => boolean): Promise<boolean> => eventually(holds, (held) => held);
const errors = (agent: RunningAgent): readonly string[] => agent.status().rules.errors.map(({ message }) => message);

test.each([
  ["Nowhere", 'no group named "Nowhere"'],
  ["{name: Ec0, anywhere: true}", 'did you mean "Eco"'],
  ["{id: 00000000-0000-4000-8000-000000000000}", "no group with the id 00000000-0000-4000-8000-000000000000"],
])("an edit that names %s, which does not exist, is refused", async (when, why) => {
  const home = opened();
  const agent = await startTestAgent(home);
  home.writeRules(rulesWith(when));
  await until(() => errors(agent).length > 0);
  expect(errors(agent).join()).toContain(why);
  expect(agent.status().rules.errors[0]).toMatchObject({
    file: "rules/secure-exchanges.yaml",
    path: "rules[4].when.group",
  });
  expect(agent.status().rules.rules).toBe(4);
  agent.sync();
  await until(() => agent.status().tenants[0]?.lastCycle?.trigger === "api");
  expect(agent.status().tenants[0]?.lastCycle?.outcome).toBe("succeeded");
});

test.each(["Late", "{name: Late, anywhere: true}"])("and taken over once the group %s is there", async (when) => {
  const home = opened();
  const agent = await startTestAgent(home);
  home.writeRules(rulesWith(when));
  await until(() => errors(agent).length > 0);
  const late = home.tenant.addGroup("Late");
  home.tenant.addMember(home.groups["SecureExchanges_Licences"] as string, late);
  agent.sync();
  await until(() => errors(agent).length === 0);
  expect(agent.status().rules.rules).toBe(5);
});

test.each(["Nowhere", "{name: Nowhere, anywhere: true}"])(
  "a restart does not let an edit in that names %s",
  async (when) => {
    const home = opened();
    await (await startTestAgent(home)).stop(2000);
    home.writeRules(rulesWith(when));
    const agent = await startTestAgent(home);
    expect((await agent.firstCycles)[0]?.outcome).toBe("succeeded");
    expect(errors(agent)).toHaveLength(1);
    expect(agent.status()).toMatchObject({ state: "failing", rules: { rules: 4 } });
  },
);

test("an edit that names another group of the tenant is taken over", async () => {
  const home = opened();
  const partners = home.tenant.addGroup("Partners");
  const agent = await startTestAgent(home);
  home.writeRules(rulesWith("{name: partners, anywhere: true}"));
  await until(() => agent.status().rules.rules === 5);
  const { loadedAt } = agent.status().rules;
  home.writeRules(rulesWith(`{id: ${partners}}`));
  await until(() => agent.status().rules.loadedAt !== loadedAt);
  expect(agent.status().rules).toMatchObject({ rules: 5, errors: [] });
});
