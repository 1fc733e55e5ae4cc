/**
 * Cycles of an agent that knows the tenant already: nothing changed, one person moved, one person new.
 * Arguments: the home, the site's origin, how many of each.
 */
import { openAgent } from "../src/agent.ts";
import { report } from "./child.ts";
import { loadedHome, request } from "./cycle.ts";
import { waited, watchFetch } from "./waiting.ts";

/** One cycle; times in ms. */
export interface SteadyCycle {
  readonly total: number;
  /** Besides waiting for Graph. */
  readonly own: number;
  readonly requests: number;
  readonly actions: number;
}

export type SteadyCycles = Readonly<Record<"idle" | "move" | "join", readonly SteadyCycle[]>>;

const [home = "", origin = "", times = ""] = process.argv.slice(2);
watchFetch();
const configuration = loadedHome(home);
const agent = openAgent(configuration, { home, env: {}, logging: configuration.logging });

async function cycle(): Promise<SteadyCycle> {
  const [started, waitedBefore] = [performance.now(), waited()];
  const record = await agent.cycle("contoso", request());
  const total = performance.now() - started;
  if (record.outcome !== "succeeded") throw new Error(JSON.stringify(record));
  const actions = Object.values(record.actions).reduce((sum, count) => sum + count, 0);
  return { total, own: total - (waited() - waitedBefore), requests: record.requests.graph, actions };
}

async function change(kind: "move" | "join"): Promise<SteadyCycle> {
  await fetch(`${origin}/bench/${kind}`, { method: "POST" });
  return await cycle();
}

const cycles: Record<keyof SteadyCycles, SteadyCycle[]> = { idle: [], move: [], join: [] };
// What a process does for the first time (modules, token, statements) is no part of the days that follow.
for (let time = 0; time < 3; time += 1) {
  await cycle();
  await change("move");
}
for (let time = 0; time < Number(times); time += 1) {
  cycles.idle.push(await cycle());
  cycles.move.push(await change("move"));
  cycles.join.push(await change("join"));
}
agent.close();
report(cycles);
