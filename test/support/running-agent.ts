/** An agent that stays, in this process, on a test home. */
import { createLogging } from "../../src/platform/logging.ts";
import { type RunningAgent, type RunningOptions, startAgent } from "../../src/running.ts";
import { atEnd } from "./clean-up.ts";
import type { TestHome } from "./home.ts";

/** Started, with its first cycles ended. What it logs to stderr is in `log()`. */
export async function startTestAgent(
  home: TestHome,
  env: Readonly<Record<string, string>> = {},
  more: Pick<RunningOptions, "takeOver" | "tenant"> = {},
): Promise<RunningAgent & { readonly log: () => string }> {
  let written = "";
  const logging = createLogging({
    home: home.home,
    level: "debug",
    maxSize: 1_000_000,
    maxFiles: 2,
    stderr: "json",
    stderrLevel: "debug",
    writeStderr: (text) => {
      written += text;
    },
  });
  const agent = await startAgent({ home: home.home, env, logging, ...more });
  let stopped: Promise<void> | null = null;
  const stop = (deadline = 2000): Promise<void> => {
    stopped ??= agent.stop(deadline).finally(() => logging.dispose());
    return stopped;
  };
  atEnd(() => stop());
  await agent.firstCycles;
  return { ...agent, port: agent.port, stop, log: () => written };
}
