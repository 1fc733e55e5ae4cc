import { describe, expect, test } from "bun:test";
import { createSlowDown, type SlowDown } from "../../src/cycle/slow-down.ts";
import { AgentError, type ErrorCode } from "../../src/errors.ts";
import { emptyCounts } from "../../src/model/action.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";

function ended(code: ErrorCode | null): CycleRecord {
  const error = code === null ? null : new AgentError(code, "it failed");
  return {
    ...{ id: "1", tenant: "contoso", kind: "incremental", trigger: "schedule", startedAt: "", finishedAt: "" },
    ...{ durationMs: 1, outcome: code === null ? "succeeded" : "failed", held: {}, failures: [] },
    requests: { token: 0, graph: 0, target: 0 },
    actions: emptyCounts(),
    error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
  } as CycleRecord;
}

/** How many ticks are left out before one is used. */
function leftOut(slow: SlowDown): number {
  let ticks = 0;
  while (!slow.due()) ticks += 1;
  return ticks;
}

/** Ticks left out after each of so many failures. */
function failing(slow: SlowDown, code: ErrorCode, times: number): number[] {
  return Array.from({ length: times }, () => {
    slow.ended(ended(code));
    return leftOut(slow);
  });
}

describe("scheduled cycles that fail", () => {
  test("for what a person must mend come less and less often, at most every thirteenth tick", () => {
    expect(failing(createSlowDown(), "ERR_CREDENTIAL", 9)).toEqual([0, 0, 1, 2, 4, 8, 12, 12, 12]);
  });

  test.each(["ERR_GRAPH_THROTTLED", "ERR_GRAPH_UNREACHABLE", "ERR_TOKEN", "ERR_DEADLINE", "ERR_STORE"] as const)(
    "with %s come at each tick: it may pass by itself",
    (code) => {
      expect(failing(createSlowDown(), code, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    },
  );

  test("come at each tick again after one that went well, or that failed for another reason", () => {
    for (const code of [null, "ERR_GRAPH_THROTTLED"] as const) {
      const slow = createSlowDown();
      failing(slow, "ERR_GROUP_NOT_FOUND", 6);
      slow.ended(ended(code));
      expect(leftOut(slow)).toBe(0);
      expect(failing(slow, "ERR_GROUP_NOT_FOUND", 3)).toEqual([0, 0, 1]);
    }
  });

  test("tell after how many failures, and how many ticks are still left out", () => {
    const slow = createSlowDown();
    failing(slow, "ERR_SECRET", 2);
    expect(slow.now).toBeNull();
    failing(slow, "ERR_SECRET", 1);
    slow.ended(ended("ERR_SECRET"));
    expect(slow.now).toEqual({ failures: 4, leftOut: 2 });
    slow.due();
    expect(slow.now).toEqual({ failures: 4, leftOut: 1 });
    slow.reset();
    expect(slow.now).toBeNull();
  });

  test("come at the next tick when something was edited, a credential put in place, or a cycle asked for", () => {
    const slow = createSlowDown();
    failing(slow, "ERR_GRAPH_FORBIDDEN", 5);
    slow.ended(ended("ERR_GRAPH_FORBIDDEN"));
    expect(slow.due()).toBe(false);
    slow.reset();
    expect(slow.due()).toBe(true);
  });
});
