/** The disk is full, the database locked or damaged, the folder of no use: a clear error, nothing half-done, and good again afterwards. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ErrorCode } from "../../src/errors.ts";
import type { PersonView } from "../../src/model/views.ts";
import { faultsInBooks, readBooks, readRows } from "../support/books.ts";
import type { CycleBench, Ended } from "../support/cycle-bench.ts";
import { addPerson } from "../support/entra.ts";
import { faultTable } from "../support/fault-table.ts";
import { exported, openHome, type TestHome } from "../support/home.ts";
import { runProcess } from "../support/subprocess.ts";
import { aboutToChange, nextHeals, outcomeOf, undisturbed } from "./scene.ts";

const table = faultTable("What a fault of the database comes to", ["that cycle", "next cycle"]);
const NOTHING = "exit 1 ERR_STORE, nothing done";

function expectClear({ error }: Pick<Ended, "error">, hint: RegExp): void {
  expect(error?.code).toBe("ERR_STORE");
  expect(error?.message.length).toBeGreaterThan(20);
  expect(error?.hint).toMatch(hint);
}

describe("a disk that is full", () => {
  /** More than fits into what is free in the file. */
  async function manyNewcomers(): Promise<CycleBench> {
    const bench = await aboutToChange();
    for (let i = 0; i < 200; i += 1) addPerson(bench.entra, `Hired ${i}`, bench.entra.groups.Eco);
    return bench;
  }

  test("stops the cycle wherever it is, and nothing is half-done", async () => {
    const reference = await manyNewcomers();
    await reference.cycle();
    const whole = reference.look(readBooks);
    const read = (bench: CycleBench): boolean =>
      bench.look((database) => database.get("SELECT 1 FROM dirty LIMIT 1") !== undefined);
    const met = new Map<string, number>();
    for (let pages = 0; ; pages += 1) {
      const bench = await manyNewcomers();
      const before = bench.look(readRows);
      const ended = await bench.cycle({
        opened: (database) => {
          const used = Number(database.get("PRAGMA page_count")?.["page_count"]);
          database.get(`PRAGMA max_page_count=${used + pages}`);
        },
      });
      if (ended.exit === 0) break;
      expectClear(ended, /free space on the disk/);
      const outcome = outcomeOf(bench, ended, before, whole);
      expect(outcome).toBe(NOTHING);
      const step = read(bench) ? "applying" : "publishing what was read";
      const next = await nextHeals(bench, whole);
      if (!met.has(step)) table.add(step, "disk full", outcome, next);
      met.set(step, pages);
      expect(next).toBe("heals");
      expect(bench.look((database) => faultsInBooks(database, {}))).toEqual([]);
    }
    expect([...met.keys()]).toEqual(["publishing what was read", "applying"]);
  }, 30_000);
});

describe("a database that another program holds", async () => {
  const whole = await undisturbed();
  const STEPS = {
    "beginning the cycle": null,
    "publishing what was read": "read",
    "saving mailboxes": "evaluate",
    applying: "plan",
  } as const;
  test.each(Object.entries(STEPS))("%s: the cycle fails, and nothing is half-done", async (step, from) => {
    const bench = await aboutToChange();
    const before = bench.look(readRows);
    const other = new DatabaseSync(bench.file);
    const hold = (): void => {
      if (!other.isTransaction) other.exec("BEGIN IMMEDIATE");
    };
    const ended = await bench.cycle({
      opened: (database) => {
        // Not the five seconds that the agent waits in earnest.
        database.exec("PRAGMA busy_timeout=10");
        if (from === null) hold();
      },
      progress: (reached) => {
        if (reached === from) hold();
      },
    });
    other.close();
    expectClear(ended, /another program holds the database/);
    const outcome = outcomeOf(bench, ended, before, whole);
    const next = await nextHeals(bench, whole);
    table.add(step, "database locked", outcome, next);
    expect([outcome, next]).toEqual([NOTHING, "heals"]);
  });
});

describe("a database that is damaged", async () => {
  const whole = await undisturbed();
  const PAGE = 4096;
  /** Bytes of each page that are overwritten: its head, where its content usually is, all of it. */
  const PARTS = { head: [0, 200], content: [3700, PAGE - 36], whole: [0, PAGE] } as const;
  test.each(Object.entries(PARTS))(
    "in the %s of any page: it is said, or it did no harm",
    async (part, [from, to]) => {
      const pages = readFileSync((await aboutToChange()).file).length / PAGE;
      let noticed = 0;
      let next = "";
      for (let page = 0; page < pages; page += 1) {
        const bench = await aboutToChange();
        const good = readFileSync(bench.file);
        const damaged = Buffer.from(good);
        damaged.fill(0x5a, page * PAGE + from, page * PAGE + to);
        writeFileSync(bench.file, damaged);
        const ended = await bench.cycle();
        if (ended.exit === 0) continue;
        noticed += 1;
        expectClear(ended, /backup/);
        for (const end of ["", "-wal", "-shm"]) rmSync(bench.file + end, { force: true });
        writeFileSync(bench.file, good);
        next = await nextHeals(bench, whole);
        expect({ page, next }).toEqual({ page, next: "heals" });
      }
      expect(noticed).toBeGreaterThan(5);
      table.add("any", `garbage in the ${part} of a page`, "exit 1 ERR_STORE", `backup put back: ${next}`);
    },
    30_000,
  );
});

/** What is done to the home, and what puts it right again. */
interface Mishap {
  readonly fault: string;
  readonly shell?: string;
  harm(home: TestHome): () => void;
  readonly hint: RegExp;
  readonly code?: ErrorCode;
}

const databaseOf = (home: TestHome): string => join(home.home, "data", "tiersync.db");

function overwrite(home: TestHome, from: number, to: number): () => void {
  const good = readFileSync(databaseOf(home));
  const bad = Buffer.from(good).fill("garbage ", from, Math.min(to, good.length));
  writeFileSync(databaseOf(home), bad);
  return () => writeFileSync(databaseOf(home), good);
}

const MISHAPS: readonly Mishap[] = [
  {
    fault: "garbage in the header",
    harm: (home) => overwrite(home, 0, 100),
    hint: /put a backup/,
  },
  {
    fault: "garbage in the middle",
    harm: (home) => overwrite(home, 4096, 1e9),
    hint: /put a backup/,
  },
  {
    fault: "a newer schema",
    harm: (home) => setVersion(home, 99),
    hint: /run that version or a newer one, or restore a backup/,
    code: "ERR_STORE_NEWER",
  },
  {
    fault: "held by another process",
    harm: (home) => {
      const other = new DatabaseSync(databaseOf(home));
      other.exec("BEGIN IMMEDIATE");
      return () => other.close();
    },
    hint: /another program holds/,
  },
  {
    fault: "files of 48 kB at most",
    shell: "trap '' XFSZ; ulimit -f 96;",
    harm: () => () => {},
    hint: /full|free space/,
  },
  {
    fault: "a folder where the database was",
    harm: (home) => {
      renameSync(databaseOf(home), `${databaseOf(home)}.away`);
      mkdirSync(databaseOf(home));
      return () => {
        rmSync(databaseOf(home), { recursive: true });
        renameSync(`${databaseOf(home)}.away`, databaseOf(home));
      };
    },
    hint: /access to the data folder/,
  },
  {
    fault: "a file where the folder was",
    harm: (home) => {
      const folder = join(home.home, "data");
      renameSync(folder, `${folder}.away`);
      writeFileSync(folder, "");
      return () => {
        rmSync(folder);
        renameSync(`${folder}.away`, folder);
      };
    },
    hint: /write access to the data folder/,
  },
];

function setVersion(home: TestHome, version: number): () => void {
  const database = new DatabaseSync(databaseOf(home));
  const before = Number(Object.values(database.prepare("PRAGMA user_version").get() ?? {})[0]);
  database.exec(`PRAGMA user_version=${version}`);
  database.close();
  return () => void setVersion(home, before);
}

test("the real process says what is wrong, and is well again afterwards", async () => {
  const scenes: { mishap: Mishap; home: TestHome; before: Record<string, PersonView>; putRight: () => void }[] = [];
  for (const mishap of MISHAPS) {
    const home = openHome({
      ...{ mailboxSettings: false, credential: "secret", seats: { Eco: 500 } },
      extra: "guard: {create: false}\n",
    });
    for (let i = 0; i < 5; i += 1) home.person(`Person ${i}`, ["Pro"]);
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    const before = await exported(home);
    for (let i = 0; i < 300; i += 1) home.person(`Hired ${i}`, ["Eco"]);
    scenes.push({ mishap, home, before, putRight: mishap.harm(home) });
  }
  // Side by side: one of them waits five seconds for a lock.
  const ended = await Promise.all(
    scenes.map(async (scene) => ({ ...scene, result: await runProcess(scene.home, ["sync"], scene.mishap.shell) })),
  );
  for (const { mishap, home, before, putRight, result } of ended) {
    const { fault, code: expected = "ERR_STORE", hint } = mishap;
    const { code, error, err } = result;
    putRight();
    expect({ fault, code, error: error.code, err }).toEqual({ fault, code: 1, error: expected, err });
    expect({ fault, hint: error.hint }).toEqual({ fault, hint: expect.stringMatching(hint) });
    expect(await exported(home)).toEqual(before);
    const { json: next } = await home.run("sync", "--json");
    expect(next.cycles[0]).toMatchObject({ outcome: "succeeded", actions: { create: 300, assign: 300 } });
    table.add("sync as a process", fault, `exit ${code} ${error.code}, nothing done`, "heals");
  }
}, 30_000);
