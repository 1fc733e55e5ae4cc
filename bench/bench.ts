/**
 * `bun run bench`: what the agent costs, beside a bare download of the same pages and another tool's reader in the same run.
 * `--quick`: small tenants only; `--json`: one JSON document.
 */
import { renderTable } from "../src/cli/table.ts";
import { runChild } from "./child.ts";
import { removeFolders } from "./home.ts";
import type { RunMemory } from "./run-memory.ts";
import { type Cold, installPeer, measureCold, measureSteady, type Steady } from "./scenarios.ts";

const quick = process.argv.includes("--quick");
/** Milliseconds that an answer of Graph takes at least: the way there and back, its gateway, its directory. */
const NEAREST = 20;
const json = process.argv.includes("--json");

interface Figures {
  readonly cold: readonly Cold[];
  readonly steady: readonly Steady[];
  readonly memory: RunMemory | null;
  readonly rulesPerSecond: number;
}

function say(text: string): void {
  if (!json) process.stderr.write(`${text}\n`);
}

async function measure(): Promise<Figures> {
  const cold: Cold[] = [];
  say("installing the peer into a temporary folder");
  const peer = await installPeer();
  if (peer === null) say("the peer cannot be installed here: left out");
  for (const people of quick ? [1_000, 10_000] : [10_000, 100_000, 300_000]) {
    // At once, which shows the agent's own work, and as Graph would at its very best.
    for (const distance of [0, NEAREST]) {
      say(`first cycle of ${people} people, Graph ${distance} ms away`);
      cold.push(await measureCold(people, distance, people > 100_000 ? 1 : 3, people > 100_000 ? null : peer));
    }
  }
  const steady: Steady[] = [];
  let memory: RunMemory | null = null;
  for (const people of quick ? [1_000] : [1_000, 100_000]) {
    say(`cycles at ${people} people`);
    const measured = await measureSteady(people, 25, quick ? 20 : people === 1_000 ? 0 : 288);
    steady.push(measured.steady);
    memory = measured.memory ?? memory;
  }
  const { value } = await runChild<{ perSecond: number }>("rules.ts");
  return { cold, steady, memory, rulesPerSecond: value.perSecond };
}

function table({ cold, steady, memory, rulesPerSecond }: Figures): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const coldRows = cold.map(({ people, distance, download, cycle, ratio, peer, peak }) => [
    people,
    `${distance} ms`,
    ms(download),
    ms(cycle),
    `${ratio.toFixed(1)} x`,
    peer === null ? null : ms(peer),
    mb(peak),
  ]);
  const steadyRows = steady.flatMap(({ people, ...kinds }) =>
    (["idle", "move", "join"] as const).map((kind) => {
      const { total, own, requests } = kinds[kind];
      return [people, kind, ms(total), ms(own), requests];
    }),
  );
  const parts = [
    "First cycle, everything included, mailbox settings off",
    renderTable(
      [
        right("people"),
        right("Graph away"),
        right("bare download"),
        right("first cycle"),
        right("ratio"),
        right("peer's read"),
        right("peak memory"),
      ],
      coldRows,
    ),
    "Cycles afterwards (own: besides waiting for Graph)",
    renderTable([right("people"), { title: "cycle" }, right("total"), right("own"), right("requests")], steadyRows),
    `Rules: ${Math.round(rulesPerSecond / 1000)} thousand people a second`,
  ];
  if (memory !== null) {
    const { cycles, before, middle, after, peak } = memory;
    parts.push(
      `Memory of run: ${mb(before)} at first, ${mb(middle)} half-way, ${mb(after)} after ${cycles} cycles, ${mb(peak)} at most`,
    );
  }
  return `${parts.join("\n")}\n`;
}

try {
  const figures = await measure();
  process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures));
} finally {
  removeFolders();
}
