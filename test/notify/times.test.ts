import { describe, expect, test } from "bun:test";
import { digestDue } from "../../src/notify/digest.ts";
import { nextTry } from "../../src/notify/retry.ts";

const MINUTE = 60_000;
const at = (text: string) => Date.parse(text);

describe("the pause after a failure", () => {
  test("grows from a minute to four hours", () => {
    const pauses = [0, 1, 2, 3, 4, 5, 9].map((failures) => (nextTry(failures, 0, 1000) ?? 0) - 1000);
    expect(pauses).toEqual([1, 5, 15, 60, 240, 240, 240].map((minutes) => minutes * MINUTE));
  });

  test("is the last one after three days", () => {
    const days = 3 * 24 * 60 * MINUTE;
    expect(nextTry(4, 0, days - 1)).toBe(days - 1 + 240 * MINUTE);
    expect(nextTry(4, 0, days)).toBeNull();
  });
});

describe("the digest", () => {
  test.each([
    ["2026-03-01T05:59:00Z", "2026-03-01T05:59:59Z", "UTC", false],
    ["2026-03-01T05:59:00Z", "2026-03-01T06:00:00Z", "UTC", true],
    ["2026-03-01T06:05:00Z", "2026-03-01T23:00:00Z", "UTC", false],
    ["2026-03-01T06:05:00Z", "2026-03-02T06:00:00Z", "UTC", true],
    ["2026-03-01T06:05:00Z", "2026-03-01T11:00:00Z", "America/Toronto", true],
    ["2026-03-01T06:05:00Z", "2026-03-01T10:59:00Z", "America/Toronto", false],
  ])("of what happened at %s is, at %s in %s, due: %p", (oldest, now, zone, due) => {
    expect(digestDue(at(oldest), at(now), zone)).toBe(due);
  });
});
