/** Whether the groups exist that an edit of the running agent's rules names, and still the tenant that it was told to work on. */
import type { Agent } from "./agent.ts";
import type { Acceptance, GoodSet } from "./config/keeper.ts";
import { CONFIG_FILE } from "./config/paths.ts";
import { onlyTenant } from "./config/tenant-choice.ts";
import type { Finding } from "./model/finding.ts";
import { errorAt } from "./rules/findings.ts";
import { groupRef, mentionedElsewhere, mentionKey } from "./rules/mentions.ts";
import type { GroupMention } from "./rules/types.ts";

/** Longest time to ask the directory for groups, ms: edits are shown within two seconds. What it does not say by then, the next cycle finds out. */
const ASK_WITHIN = 1_200;

/** `only`: the one tenant that the agent works on; the others' groups are not its affair. */
export function createAcceptance(agent: Agent, only: string | null): Acceptance {
  const concerned = ({ config }: GoodSet): GoodSet["config"] => (only === null ? config : onlyTenant(config, only));
  const look = async (tenant: string, mention: GroupMention, signal: AbortSignal): Promise<Finding[]> => {
    const probed = await agent.probe(tenant).group(groupRef(mention), signal);
    if (probed.ok || !probed.error.code.startsWith("ERR_GROUP_")) return [];
    const { message, hint } = probed.error;
    return [errorAt(mention.at, `${message}; ${hint}`)];
  };
  return {
    refused: (set) => {
      const config = concerned(set);
      return only !== null && config.tenants.length === 0 ? [gone(only)] : agent.unknownGroups({ ...set, config });
    },
    ask: (set) => {
      const { rules } = set;
      const present = agent.configuration;
      const known = (tenant: string): boolean => present.config.tenants.some(({ name }) => name === tenant);
      const unread = concerned(set).tenants.flatMap(({ name: tenant }) => {
        if (!known(tenant)) return [];
        const read = new Set(mentionedElsewhere(present.rules, tenant).map(mentionKey));
        const fresh = mentionedElsewhere(rules, tenant).filter((mention) => !read.has(mentionKey(mention)));
        return fresh.map((mention) => ({ tenant, mention }));
      });
      if (unread.length === 0) return null;
      const signal = AbortSignal.timeout(ASK_WITHIN);
      return Promise.all(unread.map(({ tenant, mention }) => look(tenant, mention, signal))).then((all) => all.flat());
    },
  };
}

function gone(tenant: string): Finding {
  const message = `${tenant} is gone, and this agent works on it alone: name it again, or start the agent without --tenant`;
  return { level: "error", file: CONFIG_FILE, line: 0, column: 0, path: "tenants", message };
}
