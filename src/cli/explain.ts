/** `explain`: why one person has what they have. Works while the agent runs. */
import { selectTenants } from "../config/tenant-choice.ts";
import { AgentError } from "../errors.ts";
import type { PersonExplanation } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { explanationText } from "./explain-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { type GoodHome, loadGoodHome } from "./load-home.ts";
import { commandLogging } from "./logging.ts";

export async function explain(options: GlobalOptions, io: CommandIo, user: string): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const good = loadGoodHome(home);
  const tenant = options.tenant === undefined ? undefined : selectTenants(good.config, options.tenant)[0]?.name;
  const explanation = await explainIn(home, good, { user, tenant, options }, io);
  if (options.json) outJson(io, explanation);
  else io.out(explanationText(explanation, io));
}

interface Asked {
  readonly user: string;
  readonly tenant: string | undefined;
  readonly options: GlobalOptions;
}

async function explainIn(home: string, good: GoodHome, asked: Asked, io: CommandIo): Promise<PersonExplanation> {
  const { openAgent } = await import("../agent.ts");
  const { openReader } = await import("../home-database.ts");
  const { onePerson } = await import("../console.ts");
  const { explanationOf } = await import("../explanation.ts");
  const reader = openReader(home);
  if (reader === null) {
    throw new AgentError("ERR_NOT_FOUND", "nothing was ever synchronised in this home folder", {
      hint: "run `tiersync sync` first, or name another folder with --home",
    });
  }
  reader.close();
  const logging = commandLogging(home, null, asked.options, io);
  const agent = openAgent(good, { home, env: io.env, logging, readOnly: true });
  try {
    const person = onePerson(agent.views.find(asked.user, asked.tenant), asked.user);
    if (!good.config.tenants.some(({ name }) => name === person.tenant)) {
      throw new AgentError(
        "ERR_NOT_FOUND",
        `"${asked.user}" belongs to ${person.tenant}, which is not in tiersync.yaml`,
        {
          hint: "`tiersync export` shows what is known of the people of former tenants",
        },
      );
    }
    return explanationOf(agent, person);
  } finally {
    agent.close();
    logging.dispose();
  }
}

export const explainCommand = defineCommand({
  name: "explain",
  summary: "why one person has what they have",
  details:
    "Which rule, through which groups, which rules lost; seat, place in the queue, last decisions. USER: object id, user principal name or mail. Reads what the last cycle left; works while the agent runs.",
  examples: ["explain ada@contoso.example", "explain 8f3a… --json"],
  configure: (command) => command.argument("<user>", "object id, user principal name or mail"),
  run: (options, io, user) => explain(options, io, user),
});
