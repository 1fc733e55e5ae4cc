/** What is measured: each figure in a process of its own, against a simulated tenant in another. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BASE_PROPERTIES } from "../src/model/directory.ts";
import { type Outcome, runChild, startChild } from "./child.ts";
import { tempFolder, writeHome } from "./home.ts";
import { measureRun, type RunMemory } from "./run-memory.ts";
import type { SimulatedSite } from "./simulator.ts";
import type { SteadyCycle, SteadyCycles } from "./steady.ts";

const SELECT = [
  "id",
  "displayName",
  "visibility",
  ...BASE_PROPERTIES.filter((name) => !/^(id|displayName)$/.test(name)),
].join(",");
const PEER = "@backstage/plugin-catalog-backend-module-msgraph@0.10.6";

export interface Cold {
  readonly people: number;
  /** How far away Graph is: what each answer takes besides making it, ms. */
  readonly distance: number;
  /** Medians, ms. */
  readonly download: number;
  readonly cycle: number;
  /** Median of the pairs. */
  readonly ratio: number;
  /** Null: the peer was not measured at this size. */
  readonly peer: number | null;
  /** Bytes, the most of all rounds. */
  readonly peak: number;
}

export interface Steady {
  readonly people: number;
  readonly idle: SteadyCycle;
  readonly move: SteadyCycle;
  readonly join: SteadyCycle;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A first cycle and a bare download of the same pages, in turn. `distance`: ms. */
export async function measureCold(
  people: number,
  distance: number,
  rounds: number,
  peerFolder: string | null,
): Promise<Cold> {
  const site = await startChild<SimulatedSite>("simulator.ts", String(people), String(distance));
  try {
    const told = JSON.stringify(site.value);
    const downloads: number[] = [];
    const cycles: Outcome<{ ms: number; record: { outcome: string } }>[] = [];
    const peers: number[] = [];
    // The first download finds the simulator cold, which is its affair.
    await runChild("download.ts", told, SELECT);
    for (let round = 0; round < rounds; round += 1) {
      downloads.push((await runChild<{ ms: number }>("download.ts", told, SELECT)).value.ms);
      const cycle = await runChild<{ ms: number; record: { outcome: string } }>(
        "cold.ts",
        writeHome(site.value, false),
      );
      if (cycle.value.record.outcome !== "succeeded") throw new Error(JSON.stringify(cycle.value.record));
      cycles.push(cycle);
      if (peerFolder !== null) peers.push((await runChild<{ ms: number }>("peer.ts", told, peerFolder)).value.ms);
    }
    const times = cycles.map(({ value }) => value.ms);
    return {
      people,
      distance,
      download: median(downloads),
      cycle: median(times),
      ratio: median(times.map((ms, round) => ms / (downloads[round] ?? Number.NaN))),
      peer: peers.length === 0 ? null : median(peers),
      peak: Math.max(...cycles.map(({ peak }) => peak)),
    };
  } finally {
    await site.stop();
  }
}

/** Cycles of an agent that knows the tenant, and the memory of `run` over many of them. */
export async function measureSteady(
  people: number,
  times: number,
  runCycles: number,
): Promise<{ readonly steady: Steady; readonly memory: RunMemory | null }> {
  const site = await startChild<SimulatedSite>("simulator.ts", String(people));
  try {
    const home = writeHome(site.value, false);
    await runChild("cold.ts", home);
    // Mailboxes of those who are new from now on.
    const file = join(home, "tiersync.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("mailboxSettings: false", "mailboxSettings: true"));
    const { value } = await runChild<SteadyCycles>("steady.ts", home, site.value.origin, String(times));
    const change = (): Promise<unknown> => fetch(`${site.value.origin}/bench/move`, { method: "POST" });
    const memory = runCycles === 0 ? null : await measureRun(home, runCycles, change);
    return { steady: { people, idle: middle(value.idle), move: middle(value.move), join: middle(value.join) }, memory };
  } finally {
    await site.stop();
  }
}

function middle(cycles: readonly SteadyCycle[]): SteadyCycle {
  return {
    total: median(cycles.map(({ total }) => total)),
    own: median(cycles.map(({ own }) => own)),
    requests: Math.max(...cycles.map(({ requests }) => requests)),
    actions: median(cycles.map(({ actions }) => actions)),
  };
}

/** Installs the peer into a folder that goes away with the benchmark; null: it cannot be had here. */
export async function installPeer(): Promise<string | null> {
  const folder = tempFolder("peer");
  writeFileSync(join(folder, "package.json"), '{"private": true}\n');
  const install = Bun.spawn([process.execPath, "add", "--silent", PEER], {
    cwd: folder,
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await install.exited) === 0 ? folder : null;
}
