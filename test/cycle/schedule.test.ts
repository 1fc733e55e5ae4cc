import { expect, test } from "bun:test";
import { startSchedule } from "../../src/cycle/schedule.ts";
import { silentLogger } from "../../src/log.ts";

function freshSince(schedule: string, now: string): string {
  const running = startSchedule({
    schedule,
    fullSync: "30 3 * * *",
    timezone: "UTC",
    log: silentLogger,
    tick: () => {},
  });
  const since = running.freshSince(3, Date.parse(now));
  running.stop();
  return new Date(since).toISOString();
}

test.each([
  ["three periods ago, where ticks are regular", "*/5 * * * *", "2026-03-04T12:01:00Z", "2026-03-04T11:46:00.000Z"],
  ["with seconds, too", "*/10 * * * * *", "2026-03-04T12:00:05Z", "2026-03-04T11:59:35.000Z"],
  [
    "the third tick before a weekend, all of that weekend",
    "0 9-17 * * 1-5",
    "2026-03-07T20:00:00Z",
    "2026-03-06T15:00:00.000Z",
  ],
])("a cycle is not late that ended since %s", (_, schedule, now, expected) => {
  expect(freshSince(schedule, now)).toBe(expected);
});
