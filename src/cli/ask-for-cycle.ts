/** A command's work on a home: here, or by the agent that is at work there. */
import { setTimeout as delay } from "node:timers/promises";
import { AgentError, type ExitCode } from "../errors.ts";
import type { CycleRecord } from "../model/cycle.ts";
import { type AgentSearch, findRunningAgent, type RunningAgentLink } from "./running-agent.ts";

/** How often a running agent is asked whether its cycle has ended; ms. */
const POLL_EVERY = 200;
/** An agent that is just starting has the lock before it can be asked; ms. */
const STARTING = 1500;

/** Works on the home itself; or `there`, through the agent that is at work on it. Throws `ERR_LOCKED` when that cannot be asked. */
export async function hereOrThere(
  home: string,
  here: () => Promise<ExitCode>,
  there: (agent: RunningAgentLink) => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await here();
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "ERR_LOCKED") throw error;
    const found = await findStartingAgent(home);
    if (found.agent === null) throw unasked(found.silent);
    return await there(found.agent);
  }
}

/** The lock is held, so something is at work, whatever data/run.json says. */
function unasked(silent: Pick<RunningAgentLink, "pid" | "port"> | null): AgentError {
  if (silent === null) {
    return new AgentError("ERR_LOCKED", "another tiersync is at work on this home folder and cannot be asked", {
      hint: "wait for it or stop it: a command such as `sync`, or an agent that is just starting",
    });
  }
  const { pid, port } = silent;
  const what = "another tiersync holds the lock of this home folder";
  return new AgentError("ERR_LOCKED", `${what}, and process ${pid} of data/run.json does not answer at port ${port}`, {
    hint: `if process ${pid} is suspended or hangs, let it go on, or end it; then try again`,
  });
}

async function findStartingAgent(home: string): Promise<AgentSearch> {
  for (const end = Date.now() + STARTING; ; ) {
    const found = await findRunningAgent(home);
    if (found.agent !== null || Date.now() >= end) return found;
    await delay(POLL_EVERY);
  }
}

/** One cycle of each tenant, to its end. Throws `ERR_LOCKED` where the agent leaves one of them out, and the problem that it answers. */
export async function askForCycles(
  agent: RunningAgentLink,
  tenants: readonly string[],
  full: boolean,
): Promise<CycleRecord[]> {
  const others = agent.tenant === null ? [] : tenants.filter((name) => name !== agent.tenant);
  if (others.length > 0) {
    const alone = `the agent that runs on this home folder works on ${agent.tenant} alone`;
    throw new AgentError("ERR_LOCKED", `${alone} and cannot be asked for ${others.join(", ")}`, {
      hint: `add --tenant ${agent.tenant}, or stop that agent first`,
    });
  }
  const ids: string[] = [];
  for (const tenant of tenants) {
    const started = (await agent.post("/sync", { tenant, full })) as { readonly id: string };
    ids.push(started.id);
  }
  return await Promise.all(ids.map((id) => ended(agent, id)));
}

/** The agent bounds its cycles itself, so this ends. */
async function ended(agent: RunningAgentLink, id: string): Promise<CycleRecord> {
  for (;;) {
    const record = (await agent.json(`/cycles/${id}`)) as CycleRecord;
    if (record.outcome !== null) return record;
    await delay(POLL_EVERY);
  }
}
