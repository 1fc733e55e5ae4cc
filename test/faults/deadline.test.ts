/** Throttling and silence beyond the time limit: the cycle says so, and the next one goes on from where it was. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openAgent } from "../../src/agent.ts";
import { loadGoodHome } from "../../src/cli/load-home.ts";
import { createWorker } from "../../src/cycle/worker.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";
import { readBooks } from "../support/books.ts";
import { type CycleBench, type Ended, openBench } from "../support/cycle-bench.ts";
import { addPerson } from "../support/entra.ts";
import { exported } from "../support/home.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { openTwoTenants } from "../support/two-tenants.ts";
import { aboutToChange, outcomeOf, undisturbed } from "./scene.ts";

const PEOPLE = 5_200;
/** Of 999 people each. */
const PAGES = 6;
const PRO = { kind: "paid", name: "Pro", seats: PEOPLE, warnBelow: null } as const;

/** These are a few thousand people each. */
setDefaultTimeout(30_000);

/** Too many people for one page, all in Pro. */
function manyPages(): CycleBench {
  const bench = openBench({
    mailboxSettings: false,
    tiers: [
      { ...PRO, name: "Eco" },
      { ...PRO, name: "Advanced" },
      PRO,
      { kind: "revoking", name: "No_Licence", purgeAfter: 0 },
    ],
  });
  for (let i = 0; i < PEOPLE; i += 1) addPerson(bench.entra, `Person ${i}`, bench.entra.groups.Pro);
  return bench;
}

/** Pages of Pro's members that were answered, by their address. */
function pagesOf({ entra }: CycleBench): string[] {
  const path = `/groups/${entra.groups.Pro}/members`;
  return entra.simulator.log.entries
    .filter((entry) => entry.path.includes(path) && entry.status === 200)
    .map((entry) => entry.path);
}

/** Everything is applied, and no page that had arrived was asked for again. */
async function expectResumed(bench: CycleBench): Promise<void> {
  const next = await bench.cycle();
  expect(next.error).toBeNull();
  expect(next.record?.actions).toMatchObject({ create: PEOPLE, assign: PEOPLE });
  const all = pagesOf(bench);
  expect(all.length).toBe(PAGES);
  expect(new Set(all).size).toBe(PAGES);
}

describe("a full read", () => {
  test.each([
    ["whole seconds", "600"],
    ["fractional seconds", "600.5"],
    ["a date", "date"],
  ])("that is told to wait beyond the limit (%s) ends at once, and the next goes on", async (_, told) => {
    const bench = manyPages();
    const { entra } = bench;
    const retryAfter = told === "date" ? new Date(entra.clock.now() + 600_000).toUTCString() : told;
    entra.simulator.faults.add({
      kind: "throttle",
      retryAfter,
      match: `${entra.groups.Pro}/members`,
      after: 3,
      times: 9,
    });
    const cut = await bench.cycle();
    expect(cut.error).toMatchObject({
      code: "ERR_GRAPH_THROTTLED",
      hint: expect.stringContaining("goes on from here"),
    });
    expect(entra.waits).toEqual([]);
    expect(bench.look(readBooks)).toEqual({});
    entra.simulator.faults.clear();
    await expectResumed(bench);
  });

  test("waits as long as the limit allows, and then goes on in the next cycle", async () => {
    const bench = manyPages();
    const { entra } = bench;
    entra.simulator.faults.add({
      ...{ kind: "throttle", retryAfter: "30", match: `${entra.groups.Pro}/members`, after: 3, times: 100 },
    });
    const cut = await bench.cycle({ deadline: 100_000 });
    expect(cut.error?.code).toBe("ERR_GRAPH_THROTTLED");
    expect(entra.waits).toEqual([30_000, 30_000, 30_000]);
    entra.simulator.faults.clear();
    await expectResumed(bench);
  });

  /** A page that never comes; the signal of whoever runs the cycle ends it. */
  async function silentAtPage(
    bench: CycleBench,
    run: (cycle: (signal: AbortSignal) => Promise<Ended>) => Promise<Ended>,
  ) {
    bench.entra.simulator.faults.add({ kind: "never", match: `${bench.entra.groups.Pro}/members`, after: 3, times: 1 });
    const ended = await run((signal) => bench.cycle({ signal }));
    bench.entra.simulator.faults.clear();
    return ended;
  }

  test("that the limit of `run` cuts goes on in the next cycle", async () => {
    const bench = manyPages();
    const cut = await silentAtPage(bench, async (cycle) => {
      let ended: Ended | null = null;
      const worker = createWorker(async ({ signal }) => {
        ended = await cycle(signal);
        return ended.record as CycleRecord;
      }, 300);
      await worker.result(worker.request({ trigger: "schedule", full: false }));
      return ended as unknown as Ended;
    });
    expect(cut.error).toMatchObject({ code: "ERR_DEADLINE" });
    await expectResumed(bench);
  });

  test("that the limit of a one-shot `sync` cuts goes on in the next one", async () => {
    const bench = manyPages();
    const cut = await silentAtPage(bench, (cycle) => cycle(AbortSignal.timeout(300)));
    expect(cut.error).toMatchObject({ code: "ERR_DEADLINE" });
    await expectResumed(bench);
  });

  test("that is stopped with the agent goes on after the next start", async () => {
    const bench = manyPages();
    const cut = await silentAtPage(bench, async (cycle) => {
      const records: Ended[] = [];
      const worker = createWorker(async ({ signal }) => {
        records.push(await cycle(signal));
        return records[0]?.record as CycleRecord;
      });
      const result = worker.result(worker.request({ trigger: "schedule", full: false }));
      while (pagesOf(bench).length < 3) await new Promise((resolve) => setImmediate(resolve));
      await worker.stop();
      await result;
      return records[0] as Ended;
    });
    expect(cut.error).toMatchObject({ code: "ERR_STOPPED" });
    await expectResumed(bench);
  });
});

describe("a time that is over while applying", async () => {
  const whole = await undisturbed();
  test.each([
    ["the limit of a one-shot sync", new DOMException("timed out", "TimeoutError"), "ERR_DEADLINE"],
    ["a signal to stop", undefined, "ERR_STOPPED"],
  ])("%s: what is not begun is left for the next cycle", async (_, reason, code) => {
    const bench = await aboutToChange();
    const over = new AbortController();
    const progress = (step: string): void => {
      if (step === "plan") over.abort(reason);
    };
    const ended = await bench.cycle({ signal: over.signal, progress });
    expect(ended.error?.code).toBe(code);
    expect(ended.record?.actions).toMatchObject({ create: 0, change: 0, revoke: 0 });
    const next = await bench.cycle();
    expect(outcomeOf(bench, next, null, whole)).toBe("exit 0, all done");
  });
});

describe("tenants side by side", () => {
  test("do not wait for one that is throttled", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
    home.person("Ana", ["Pro"]);
    fabrikam.person("Fay", ["Pro"]);
    fabrikam.simulator.faults.add({ kind: "throttle", retryAfter: "600", match: "/members", times: 100 });
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(1);
    expect(json.cycles).toMatchObject([
      { tenant: "contoso", outcome: "succeeded", actions: { assign: 1 } },
      { tenant: "fabrikam", outcome: "failed", error: { code: "ERR_GRAPH_THROTTLED" } },
    ]);
    expect(Object.keys(await exported(home))).toEqual(["Ana"]);
  });

  test("do not wait for one whose directory is silent", async () => {
    const { home, fabrikam } = openTwoTenants({ mailboxSettings: false });
    home.person("Ana", ["Pro"]);
    fabrikam.simulator.faults.add({ kind: "never", match: "/groups", times: 100 });
    const logging = { logger: () => silentLogger, dispose() {} };
    const agent = openAgent(loadGoodHome(home.home), { home: home.home, env: {}, logging });
    const stop = new AbortController();
    const request = { trigger: "cli", full: false, pauses: false, suspicious: false, signal: stop.signal } as const;
    let over = false;
    const silent = agent.cycle("fabrikam", request).finally(() => {
      over = true;
    });
    expect(await agent.cycle("contoso", request)).toMatchObject({ outcome: "succeeded", actions: { assign: 1 } });
    expect(over).toBe(false);
    stop.abort();
    expect(await silent).toMatchObject({ outcome: "failed", error: { code: "ERR_STOPPED" } });
    agent.close();
  });
});
