/** One person with everything that led there: for `explain` and the status API alike. */
import type { Agent } from "./agent.ts";
import { AgentError } from "./errors.ts";
import { tierUsage } from "./model/tier.ts";
import type { PersonExplanation, PersonView } from "./model/views.ts";

const DECISIONS = 5;

export function explanationOf(agent: Agent, person: PersonView): PersonExplanation {
  const { tenant, id, wanted, tier } = person;
  const store = agent.store(tenant);
  const decisions = agent.views.events(tenant, id, { limit: DECISIONS }).items;
  const concerned = agent.configuration.config.tenants
    .find(({ name }) => name === tenant)
    ?.tiers.find(({ name }) => name === (wanted ?? tier));
  const seat =
    concerned?.kind === "paid"
      ? tierUsage(
          concerned.name,
          concerned.seats,
          store.accounts.usage().get(concerned.name) ?? 0,
          store.people.waiting().get(concerned.name) ?? 0,
        )
      : null;
  return { ...person, rules: rulesOf(agent, tenant, id), decisions, seat };
}

/** A rule that names a group which is gone cannot be explained; the person's state can. */
function rulesOf(agent: Agent, tenant: string, id: string): PersonExplanation["rules"] {
  try {
    return agent.explain(tenant, id);
  } catch (error) {
    if (error instanceof AgentError && error.code.startsWith("ERR_GROUP_")) return [];
    throw error;
  }
}
