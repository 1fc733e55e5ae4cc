/**
 * The real process, killed with SIGKILL again and again while the tenant goes on changing: after some random time, when the directory has
 * given its n-th answer, or when the database has been written to. At the end the books are sound, and everybody is where an agent that was never
 * disturbed would have them.
 *
 * TIERSYNC_KILL_ROUNDS: kills for each of the two homes.
 */
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { pick, type Random, seededRandom } from "../../src/simulator/random.ts";
import { openDatabase } from "../../src/store/database.ts";
import { faultsInBooks } from "../support/books.ts";
import { exported, type HomeOptions, openHome, type TestHome } from "../support/home.ts";
import { type RunningProcess, runProcess, startProcess } from "../support/subprocess.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { liveIn, type TenantLife } from "../support/tenant-life.ts";

const ROUNDS = Number(process.env["TIERSYNC_KILL_ROUNDS"] ?? 20);
const NO_BRAKES = "guard: {revoke: false, purge: false, change: false, create: false}\n";

/** Ends the process at some point, whatever it is doing. Gives how to stop trying. */
type Killer = (home: TestHome, process: RunningProcess, random: Random) => () => void;

const KILLERS: readonly Killer[] = [
  function afterSomeTime(_, process, random) {
    const timer = setTimeout(() => process.kill(), 120 + random() * 250);
    return () => clearTimeout(timer);
  },
  function atAnAnswer(home, process, random) {
    return onAnswers(home, 1 + Math.floor(random() * 12), () => process.kill());
  },
  function atAnAnswer(home, process, random) {
    return onAnswers(home, 1 + Math.floor(random() * 5), () => process.kill());
  },
  function atAWrite(home, process, random) {
    let left = 1 + Math.floor(random() * 30);
    mkdirSync(join(home.home, "data"), { recursive: true, mode: 0o700 });
    const watcher = watch(join(home.home, "data"), (_, name) => {
      if (name === "tiersync.db-wal") left -= 1;
      if (left === 0) process.kill();
    });
    return () => watcher.close();
  },
];

/** Calls `act` when the directory is about to send its n-th answer. */
function onAnswers({ simulator: { app } }: TestHome, number: number, act: () => void): () => void {
  const answer = app.fetch;
  let left = number;
  app.fetch = async (...request) => {
    const response = await answer(...request);
    left -= 1;
    if (left === 0) act();
    return response;
  };
  return () => {
    app.fetch = answer;
  };
}

/** The tenant changes while it is read. */
function changingMeanwhile({ simulator: { app } }: TestHome, life: TenantLife, random: Random): () => void {
  const answer = app.fetch;
  app.fetch = async (...request) => {
    if (random() < 0.3) life.step();
    return await answer(...request);
  };
  return () => {
    app.fetch = answer;
  };
}

interface Outcome {
  readonly code: number;
  readonly faults: readonly string[];
  /** Cycles that were cut in the middle. */
  readonly cut: number;
  readonly restored: ReadonlySet<string>;
}

async function live(home: TestHome, seed: number, seats: Readonly<Record<string, number>>): Promise<Outcome> {
  const random = seededRandom(seed);
  const life = liveIn(home, random, 40);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let change = 0; change < 6; change += 1) life.step();
    const still = changingMeanwhile(home, life, random);
    const process = startProcess(home, random() < 0.2 ? ["sync", "--full"] : ["sync"]);
    const giveUp = pick(random, KILLERS)(home, process, random);
    await process.ended;
    giveUp();
    still();
  }
  const { code } = await runProcess(home, ["sync"]);
  const database = openDatabase(join(home.home, "data", "tiersync.db"));
  try {
    const faults = faultsInBooks(database, seats);
    const cut = database.get("SELECT count(*) AS n FROM cycle WHERE error->>'code'='ERR_STOPPED'")?.["n"];
    return { code, faults, cut: Number(cut), restored: life.restored };
  } finally {
    database.close();
  }
}

/** What an agent says of the same tenant that begins now and is left alone. */
async function undisturbed(home: TestHome): Promise<Awaited<ReturnType<typeof exported>>> {
  const other = tempFolder();
  for (const part of ["tiersync.yaml", "rules", "keys"])
    cpSync(join(home.home, part), join(other, part), { recursive: true });
  expect(await home.run("sync", "--home", other)).toMatchObject({ code: 0 });
  const { json } = await home.run("export", "--json", "--home", other);
  return Object.fromEntries(json.items.map((person) => [person.id, person]));
}

const LIVES: readonly [string, HomeOptions, Readonly<Record<string, number>>, number][] = [
  ["seats for everybody", { seats: { Eco: 500, Advanced: 500, Pro: 500 }, purgeAfter: "0s" }, {}, 20_26],
  [
    "scarce seats",
    { seats: { Eco: 10, Advanced: 4, Pro: 5 }, purgeAfter: "1s", credential: "secret" },
    { Eco: 10, Advanced: 4, Pro: 5 },
    11_24,
  ],
];

test(
  `a cycle killed anywhere does no damage (${ROUNDS} kills each)`,
  async () => {
    const homes = LIVES.map(([, options]) => openHome({ ...options, extra: NO_BRAKES }));
    const outcomes = await Promise.all(
      LIVES.map(([, , seats, seed], index) => live(homes[index] as TestHome, seed, seats)),
    );
    for (const [index, [name]] of LIVES.entries()) {
      const { code, faults, cut } = outcomes[index] as Outcome;
      expect({ name, code, faults }).toEqual({ name, code: 0, faults: [] });
      // Most kills must have met a cycle, or nothing was shown.
      expect(cut).toBeGreaterThanOrEqual(ROUNDS / 5);
    }
    for (const [index, home] of homes.entries()) {
      const reference = await undisturbed(home);
      const { restored } = outcomes[index] as Outcome;
      // Whoever was deleted and restored while everything was read shows in no changes: the next full read finds them.
      for (const [command, known] of [[[], restored] as const, [["--full"], new Set<string>()] as const]) {
        expect(await home.run("sync", ...command)).toMatchObject({ code: 0 });
        const people = Object.values(await exported(home));
        const now = Object.fromEntries(people.map((person) => [person.id, person]));
        for (const [id, { wanted, state, groups }] of Object.entries(reference)) {
          if (known.has(id)) continue;
          expect({ id, wanted: now[id]?.wanted, groups: now[id]?.groups }).toEqual({ id, wanted, groups });
          // Who has a licence here has it there, but for those who wait.
          if (index === 0 && state === "licensed") expect(now[id]).toMatchObject({ state, tier: wanted });
        }
      }
    }
  },
  20_000 + ROUNDS * 4000,
);
