/** `status`: what the running agent says of itself. */
import { knownTenant } from "../config/tenant-choice.ts";
import { plainText } from "../model/plain-text.ts";
import type { StatusView } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { type RunningAgentLink, requireRunningAgent } from "./running-agent.ts";

export async function status(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const agent = await requireRunningAgent(resolveHome(options.home, io));
  const query =
    options.tenant === undefined ? "" : `?tenant=${encodeURIComponent(await workedOn(agent, options.tenant))}`;
  if (options.json) outJson(io, await agent.json(`/status${query}`));
  else io.out((await agent.text(`/${query}`)).split("\n").map(plainText).join("\n"));
}

/** Asks the agent itself: tiersync.yaml may be broken while it runs. Throws `ERR_USAGE` for a tenant that it does not work on. */
async function workedOn(agent: RunningAgentLink, typed: string): Promise<string> {
  const { tenants } = (await agent.json("/status")) as StatusView;
  const names = tenants.map(({ name }) => name);
  return knownTenant(names, typed, "that the running agent works on");
}

export const statusCommand = defineCommand({
  name: "status",
  summary: "the running agent's status (exit code 1: none is running)",
  details: "The same as `curl http://127.0.0.1:8321/`: tiers and seats, who waits, what is held, the last cycles.",
  examples: ["status", "status --tenant contoso", "status --json"],
  run: (options, io) => status(options, io),
});
