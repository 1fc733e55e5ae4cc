import { describe, expect, test } from "bun:test";
import { createMemoryKeeper } from "../../src/platform/memory.ts";

function collections(steps: readonly (readonly [string, number])[]): string[] {
  const seen: string[] = [];
  let now = "";
  const keep = createMemoryKeeper(() => seen.push(now));
  for (const [step, done] of steps) {
    now = `${step} ${done}`;
    keep(step, done);
  }
  return seen;
}

describe("memory between the steps of a cycle", () => {
  test("is left alone by a cycle of a few people", () => {
    expect(
      collections([
        ["read", 0],
        ["evaluate", 12],
        ["plan", 12],
        ["apply", 0],
        ["apply", 24],
        ["done", 1],
      ]),
    ).toEqual([]);
  });

  test("is given back after each large step, and within steps that go on for long", () => {
    expect(
      collections([
        ["read", 0],
        ["evaluate", 2_000],
        ["evaluate", 12_000],
        ["evaluate", 22_000],
        ["plan", 22_000],
        ["apply", 0],
        ["apply", 20_000],
        ["apply", 30_000],
        ["done", 1],
      ]),
    ).toEqual(["evaluate 2000", "evaluate 22000", "plan 22000", "apply 0", "apply 20000", "done 1"]);
  });
});
