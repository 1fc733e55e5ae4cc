import { describe, expect, test } from "bun:test";
import { createWorker, type Work } from "../../src/cycle/worker.ts";
import { emptyCounts } from "../../src/model/action.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";

function record(work: Work): CycleRecord {
  return {
    id: work.id,
    tenant: "contoso",
    kind: work.full ? "full" : "incremental",
    trigger: work.trigger,
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:00:01.000Z",
    durationMs: 1000,
    outcome: "succeeded",
    requests: { token: 0, graph: 0, target: 0 },
    actions: emptyCounts(),
    held: {},
    failures: [],
    error: null,
  };
}

/** A worker whose cycles end when the test says so. */
function manual() {
  const started: Work[] = [];
  const ends: (() => void)[] = [];
  const worker = createWorker((work) => {
    started.push(work);
    return new Promise<CycleRecord>((resolve, reject) => {
      ends.push(() => resolve(record(work)));
      work.signal.addEventListener("abort", () => reject(work.signal.reason));
    });
  });
  return { worker, started, end: () => ends.shift()?.() };
}

describe("a tenant's worker", () => {
  test("begins at once when idle and gives the record under the id it returned", async () => {
    const { worker, started, end } = manual();
    const id = worker.request({ trigger: "cli", full: false });
    const result = worker.result(id);
    expect(worker.running).toBe(id);
    end();
    expect((await result).id).toBe(id);
    expect(started).toHaveLength(1);
    expect(worker.running).toBeNull();
  });

  test("makes all requests during a cycle one next cycle, full when any of them was", async () => {
    const { worker, started, end } = manual();
    const first = worker.request({ trigger: "schedule", full: false });
    const second = worker.request({ trigger: "api", full: false });
    const third = worker.request({ trigger: "api", full: true });
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    const result = worker.result(second);
    const ended = worker.result(first);
    end();
    await ended;
    expect(started[1]).toMatchObject({ id: second, full: true });
    end();
    expect((await result).kind).toBe("full");
  });

  test("never runs two cycles at once", async () => {
    let running = 0;
    let most = 0;
    const worker = createWorker(async (work) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return record(work);
    });
    const ids = new Set<string>();
    for (let i = 0; i < 20; i += 1) {
      ids.add(worker.request({ trigger: "api", full: false }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (worker.running !== null) await new Promise((resolve) => setImmediate(resolve));
    expect(most).toBe(1);
    expect(ids.size).toBeGreaterThan(1);
  });

  test("aborts the running cycle and refuses new ones when stopped", async () => {
    const { worker, started } = manual();
    const first = worker.result(worker.request({ trigger: "cli", full: false }));
    const next = worker.result(worker.request({ trigger: "cli", full: false }));
    const outcomes = Promise.allSettled([first, next]);
    await worker.stop();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ERR_STOPPED" } });
    }
    expect(started).toHaveLength(1);
    expect(() => worker.request({ trigger: "cli", full: false })).toThrow("stopping");
  });

  test("aborts a cycle that takes longer than its deadline", async () => {
    const worker = createWorker(
      (work) =>
        new Promise<CycleRecord>((_, reject) => {
          work.signal.addEventListener("abort", () => reject(work.signal.reason));
        }),
      5,
    );
    await expect(worker.result(worker.request({ trigger: "cli", full: false }))).rejects.toMatchObject({
      code: "ERR_DEADLINE",
    });
  });
});
