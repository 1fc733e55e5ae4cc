/** A cycle that dies before any of its writes, one after the other: the next one leads to what an undisturbed cycle leads to. */
import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/errors.ts";
import type { Tier } from "../../src/model/tier.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { faultsInBooks, readBooks } from "../support/books.ts";
import { dieBefore } from "../support/crash.ts";
import { type BenchOptions, type CycleBench, openBench, TIERS } from "../support/cycle-bench.ts";
import { addPerson } from "../support/entra.ts";

interface Scenario {
  readonly options?: BenchOptions;
  readonly seats: Readonly<Record<string, number>>;
  /** Up to the cycle that dies. */
  prepare(bench: CycleBench): Promise<void>;
}

const AMPLE = { Eco: 50, Advanced: 20, Pro: 10 };
const SCARCE = { Eco: 2, Advanced: 1, Pro: 2 };

function tiers(seats: Readonly<Record<string, number>>, purgeAfter = 0): readonly Tier[] {
  return TIERS.map((tier) =>
    tier.kind === "paid" ? { ...tier, seats: seats[tier.name] ?? 0 } : { ...tier, purgeAfter },
  );
}

function move({ entra }: CycleBench, person: string, from: string, to: string | null): void {
  entra.tenant.removeMember(from, person);
  if (to !== null) entra.tenant.addMember(to, person);
}

/** Five with Pro; then one loses it, one leaves, one moves, one is renamed and one comes. */
async function everyday(bench: CycleBench): Promise<void> {
  const { tenant, groups } = bench.entra;
  const [ana = "", ben = "", eve = "", kim = ""] = Array.from({ length: 5 }, (_, i) =>
    addPerson(bench.entra, `Person ${i}`, groups.Pro),
  );
  expect(await bench.cycle()).toMatchObject({ exit: 0 });
  move(bench, ana, groups.Pro, groups.No_Licence);
  move(bench, ben, groups.Pro, null);
  move(bench, eve, groups.Pro, groups.Eco);
  tenant.updateUser(kim, { mail: "kim@contoso.example" });
  addPerson(bench.entra, "Newcomer", groups.Advanced);
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "the first cycle": {
    seats: SCARCE,
    options: { tiers: tiers(SCARCE) },
    prepare: async (bench) => {
      const { Pro, Eco, No_Licence } = bench.entra.groups;
      for (let i = 0; i < 4; i += 1) addPerson(bench.entra, `Person ${i}`, Pro);
      addPerson(bench.entra, "Eco Person", Eco);
      addPerson(bench.entra, "Nobody", No_Licence);
    },
  },
  "a cycle of changes": { seats: AMPLE, prepare: everyday },
  "a full cycle": { seats: AMPLE, prepare: everyday },
  "a cycle in which seats go round": {
    seats: SCARCE,
    options: { tiers: tiers(SCARCE, 86_400_000) },
    prepare: async (bench) => {
      const { Pro, Eco, Advanced, No_Licence } = bench.entra.groups;
      const [ana = "", ben = "", eve = ""] = ["Ana", "Ben", "Eve", "Kim"].map((name) =>
        addPerson(bench.entra, name, Pro),
      );
      const lee = addPerson(bench.entra, "Lee", Eco);
      const may = addPerson(bench.entra, "May", Advanced);
      expect(await bench.cycle()).toMatchObject({ exit: 0 });
      bench.entra.clock.advance(60_000);
      const holders = bench.look((database) => Object.entries(readBooks(database)));
      const holder = holders.find(([id, { tier }]) => tier === "Pro" && [ana, ben, eve].includes(id))?.[0] ?? "";
      move(bench, holder, Pro, No_Licence);
      move(bench, lee, Eco, Advanced);
      move(bench, may, Advanced, Eco);
      addPerson(bench.entra, "New", Pro);
    },
  },
  "a cycle that purges what is due": {
    seats: AMPLE,
    options: { tiers: tiers(AMPLE, 60_000) },
    prepare: async (bench) => {
      const { Pro, No_Licence } = bench.entra.groups;
      const ana = addPerson(bench.entra, "Ana", Pro);
      await bench.cycle();
      move(bench, ana, Pro, No_Licence);
      expect(await bench.cycle()).toMatchObject({ record: { actions: { revoke: 1, purge: 0 } } });
      bench.entra.clock.advance(120_000);
    },
  },
  "a cycle that carries out what was approved": {
    seats: AMPLE,
    options: { guard: { revoke: { count: 2, percent: 100 } } },
    prepare: async (bench) => {
      const { Pro, No_Licence } = bench.entra.groups;
      const people = Array.from({ length: 6 }, (_, i) => addPerson(bench.entra, `Person ${i}`, Pro));
      await bench.cycle();
      for (const person of people.slice(0, 4)) move(bench, person, Pro, No_Licence);
      expect(await bench.cycle()).toMatchObject({ exit: 3, record: { held: { revoke: 4 } } });
      bench.look((database) => {
        const { holds } = openTenantStore(database, "contoso", bench.entra.tenant.id);
        for (const { id } of holds.open()) holds.approve(id, null, bench.entra.clock.now());
      });
    },
  },
};

describe("the process dies before each write of", () => {
  for (const [name, { prepare, seats, options }] of Object.entries(scenarios)) {
    test(name, async () => {
      const full = name.startsWith("a full");
      const undisturbed = openBench(options);
      await prepare(undisturbed);
      const boundaries: number[] = [];
      let open = false;
      // Within a transaction it is the same before which statement: nothing of it is there afterwards.
      const watch = dieBefore((sql, number) => {
        if (!open || sql.startsWith("COMMIT")) boundaries.push(number);
        open = sql.startsWith("BEGIN") || (open && !sql.startsWith("COMMIT"));
        return false;
      });
      const reference = await undisturbed.cycle({ full });
      watch.revive();
      expect(reference.exit).toBe(0);
      const books = undisturbed.look(readBooks);
      expect(undisturbed.look((database) => faultsInBooks(database, seats))).toEqual([]);
      expect(boundaries.length).toBeGreaterThan(10);

      for (const boundary of boundaries) {
        const bench = openBench(options);
        await prepare(bench);
        const dying = dieBefore((_, number) => number === boundary);
        const died = await bench.cycle({ full });
        dying.revive();
        expect(died.record).toBeNull();
        expect(bench.look((database) => faultsInBooks(database, {}))).toEqual([]);
        const next = await bench.cycle();
        expect({ boundary, exit: next.exit, error: next.error }).toEqual({ boundary, exit: 0, error: null });
        expect({ boundary, books: bench.look(readBooks) }).toEqual({ boundary, books });
        expect(bench.look((database) => faultsInBooks(database, seats))).toEqual([]);
        // And then there is nothing more to do.
        const actions = (await bench.cycle()).record?.actions;
        expect(Object.values(actions ?? { none: 1 }).every((count) => count === 0)).toBe(true);
      }
    }, 60_000);
  }
});

test("what was approved of a hold that a dying cycle left is carried out", async () => {
  const bench = openBench({ guard: { revoke: { count: 2, percent: 100 } } });
  const { Pro, No_Licence } = bench.entra.groups;
  const people = Array.from({ length: 6 }, (_, i) => addPerson(bench.entra, `Person ${i}`, Pro));
  await bench.cycle();
  for (const person of people.slice(0, 4)) move(bench, person, Pro, No_Licence);
  // The hold is written, the people are still to be decided.
  const dying = dieBefore((sql) => sql.startsWith("DELETE FROM dirty"));
  await bench.cycle();
  dying.revive();
  expect(dying.dead).toBe(true);
  bench.look((database) => {
    const { holds } = openTenantStore(database, "contoso", bench.entra.tenant.id);
    expect(holds.open()).toHaveLength(1);
    for (const { id } of holds.open()) holds.approve(id, null, bench.entra.clock.now());
  });
  expect(await bench.cycle()).toMatchObject({ exit: 0, record: { actions: { revoke: 4, purge: 4 } } });
});

test("between two transactions of a large plan: nobody twice, everybody in the end", async () => {
  // One leaves first, so that somebody is created at the end of one transaction and gets a seat at the beginning of the next.
  const people = 10_001;
  const bench = openBench({
    mailboxSettings: false,
    tiers: tiers({ Eco: people + 1, Advanced: 0, Pro: 0 }),
  });
  const { Eco } = bench.entra.groups;
  const leaver = addPerson(bench.entra, "Leaver", Eco);
  await bench.cycle();
  move(bench, leaver, Eco, null);
  for (let i = 0; i < people; i += 1) addPerson(bench.entra, `Person ${i}`, Eco);
  let applying = false;
  const dying = dieBefore((sql) => {
    applying ||= sql.startsWith("INSERT INTO account");
    return applying && sql.startsWith("BEGIN");
  });
  expect(await bench.cycle()).toMatchObject({ record: null });
  dying.revive();
  const seats = { Eco: people + 1 };
  const [accounts, licensed] = bench.look((database) => [
    Number(database.get("SELECT count(*) AS n FROM account")?.["n"]),
    Number(database.get("SELECT count(*) AS n FROM account WHERE tier='Eco'")?.["n"]),
  ]);
  expect(accounts).toBeGreaterThan(9_000);
  expect(accounts - Number(licensed)).toBe(1);
  expect(bench.look((database) => faultsInBooks(database, {}))).toEqual([]);
  const { record } = await bench.cycle();
  expect(record?.actions).toMatchObject({ create: people + 1 - accounts, assign: people + 1 - licensed });
  expect(bench.look((database) => faultsInBooks(database, seats))).toEqual([]);
}, 60_000);

test("a stop is heard between two transactions of a large plan, and the next cycle goes on from there", async () => {
  const people = 10_001;
  const bench = openBench({ mailboxSettings: false, tiers: tiers({ Eco: people, Advanced: 0, Pro: 0 }) });
  for (let i = 0; i < people; i += 1) addPerson(bench.entra, `Person ${i}`, bench.entra.groups.Eco);
  const stop = new AbortController();
  let begun = false;
  const { record } = await bench.cycle({
    signal: stop.signal,
    progress: (step) => {
      if (step !== "apply" || begun) return;
      begun = true;
      setImmediate(() => stop.abort(new AgentError("ERR_STOPPED", "the agent was asked to stop", { retryable: true })));
    },
  });
  expect(record).toMatchObject({ outcome: "failed", error: { code: "ERR_STOPPED" } });
  const made = record?.actions.create ?? 0;
  expect(made).toBeGreaterThan(9_000);
  expect(made).toBeLessThan(people);
  expect((await bench.cycle()).record?.actions).toMatchObject({ create: people - made });
  expect(bench.look((database) => faultsInBooks(database, { Eco: people }))).toEqual([]);
}, 60_000);
