/**
 * Any history of a tenant, followed change by change through deltas that repeat, reorder and replay, and followed by reading everything each time,
 * ends in the same accounts, tiers and states.
 *
 * TIERSYNC_HISTORIES: histories of each kind.
 */
import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Fault } from "../../src/simulator/faults.ts";
import { seededRandom } from "../../src/simulator/random.ts";
import { openDatabase } from "../../src/store/database.ts";
import { faultsInBooks, type PersonInBooks, readBooks } from "../support/books.ts";
import { createHome, type HomeOptions, type TestHome } from "../support/home.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { liveIn } from "../support/tenant-life.ts";

const TWISTS = [
  { kind: "deltaDuplicate" },
  { kind: "deltaReverse" },
  { kind: "deltaRawOperations" },
  { kind: "deltaRemovedMembers" },
  { kind: "deltaReplay", changes: 10 },
  { kind: "refuseDeltaInBatch" },
  { kind: "emptyPage" },
] as const satisfies readonly Fault[];

const RUNS = Number(process.env["TIERSYNC_HISTORIES"] ?? 10);
const NO_BRAKES = "guard: {revoke: false, purge: false, change: false, create: false}\n";

interface Story {
  readonly seed: number;
  /** For each cycle: changes before it, and how its deltas are twisted. */
  readonly cycles: readonly { readonly changes: number; readonly twists: readonly (typeof TWISTS)[number][] }[];
}

const story: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  cycles: fc.array(
    fc.record({ changes: fc.integer({ min: 1, max: 12 }), twists: fc.subarray([...TWISTS], { maxLength: 3 }) }),
    { minLength: 1, maxLength: 5 },
  ),
});

type Books = Record<string, PersonInBooks>;

function look<T>(folder: string, work: (database: ReturnType<typeof openDatabase>) => T): T {
  const database = openDatabase(join(folder, "data", "tiersync.db"));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Plays the story to both. Gives the books of each after the last cycle. */
async function play(
  { seed, cycles }: Story,
  options: HomeOptions,
): Promise<{ home: TestHome; byDelta: string; whole: string }> {
  const home = createHome({ ...options, credential: "secret", mailboxSettings: false, extra: NO_BRAKES });
  const whole = tempFolder();
  for (const part of ["tiersync.yaml", "rules", "keys"]) {
    cpSync(join(home.home, part), join(whole, part), { recursive: true });
  }
  const { clock } = home.tenant;
  clock.freeze(Date.now());
  const life = liveIn(home, seededRandom(seed), 12);
  const sync = async (...argv: string[]): Promise<void> => {
    const { code, out } = await home.run("sync", ...argv, "--json");
    expect({ code, out }).toMatchObject({ code: 0 });
  };
  await sync();
  await sync("--home", whole);
  for (const { changes, twists } of cycles) {
    // One time for both, and another for each cycle: places in queues hang on it.
    clock.advance(1000);
    for (let change = 0; change < changes; change += 1) life.step();
    for (const twist of twists) home.simulator.faults.add({ ...twist, match: "/delta", times: 2 });
    await sync();
    home.simulator.faults.clear();
    await sync("--full", "--home", whole);
  }
  return { home, byDelta: home.home, whole };
}

/** Without the event logs: a full read sees less of what came and went in between. */
function outcomes(books: Books): Record<string, Omit<PersonInBooks, "events">> {
  return Object.fromEntries(Object.entries(books).map(([id, { events: _, ...person }]) => [id, person]));
}

test.each([
  ["seats for everybody", { Eco: 99, Advanced: 99, Pro: 99 }],
  ["scarce seats, the same people waiting", { Eco: 4, Advanced: 2, Pro: 2 }],
])(
  "any history ends in the same books, however it was followed: %s",
  async (_, seats) => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { home, byDelta, whole } = await play(told, { seats, purgeAfter: "0s" });
        await home.stop();
        expect(outcomes(look(byDelta, readBooks))).toEqual(outcomes(look(whole, readBooks)));
        for (const folder of [byDelta, whole]) {
          expect(look(folder, (database) => faultsInBooks(database, seats))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  },
  120_000,
);
