/** Memory of `tiersync run` over a day of triggered cycles, as the operating system sees it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface RunMemory {
  readonly cycles: number;
  /** Bytes in RAM: before the first triggered cycle, in the middle, after the last, and the most there ever was since the start. */
  readonly before: number;
  readonly middle: number;
  readonly after: number;
  readonly peak: number;
}

/** `change`: called before every fourth cycle. */
export async function measureRun(home: string, cycles: number, change: () => Promise<unknown>): Promise<RunMemory> {
  const main = join(import.meta.dir, "../src/main.ts");
  const agent = Bun.spawn([process.execPath, main, "run", "--home", home], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  try {
    const port = await portOf(home);
    const token = readFileSync(join(home, "keys", "api.token"), "utf8").trim();
    const sync = async (): Promise<void> => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`http://127.0.0.1:${port}/sync`, { method: "POST", headers, body: "{}" });
      const { id } = (await answer.json()) as { id: string };
      await ended(port, id);
    };
    await sync();
    const before = memoryOf(agent.pid);
    let middle = before;
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      if (cycle % 4 === 0) await change();
      await sync();
      if (cycle === Math.floor(cycles / 2)) middle = memoryOf(agent.pid);
    }
    const after = memoryOf(agent.pid);
    agent.kill("SIGTERM");
    await agent.exited;
    return { cycles, before, middle, after, peak: agent.resourceUsage()?.maxRSS ?? 0 };
  } finally {
    agent.kill("SIGKILL");
  }
}

async function portOf(home: string): Promise<number> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    try {
      return (JSON.parse(readFileSync(join(home, "data", "run.json"), "utf8")) as { port: number }).port;
    } catch {
      await pause(50);
    }
  }
  throw new Error("tiersync run did not start");
}

async function ended(port: number, id: string): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/cycles/${id}`);
    if (response.ok) {
      const { outcome } = (await response.json()) as { outcome: string | null };
      if (outcome === "failed") throw new Error(`cycle ${id} failed`);
      if (outcome !== null) return;
    }
    await pause(5);
  }
}

function memoryOf(pid: number): number {
  const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]);
  return Number(stdout.toString().trim()) * 1024;
}
