/** `status`: what the running agent says of itself. */
import { plainText } from "../model/plain-text.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { requireRunningAgent } from "./running-agent.ts";

export async function status(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const agent = await requireRunningAgent(resolveHome(options.home, io));
  if (options.json) outJson(io, await agent.json("/status"));
  else io.out((await agent.text("/")).split("\n").map(plainText).join("\n"));
}

export const statusCommand = defineCommand({
  name: "status",
  summary: "the running agent's status (exit code 1: none is running)",
  details: "The same as `curl http://127.0.0.1:8321/`: tiers and seats, who waits, what is held, the last cycles.",
  examples: ["status", "status --json"],
  run: (options, io) => status(options, io),
});
