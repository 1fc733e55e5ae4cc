import { expect, setSystemTime, test } from "bun:test";
import { type Schedule, startSchedule } from "../../src/cycle/schedule.ts";
import { atEnd } from "../support/clean-up.ts";
import { silentLogger } from "../support/silent-logger.ts";

function start(schedule: string): Schedule {
  const fullSync = "30 3 * * *";
  const running = startSchedule({ schedule, fullSync, timezone: "UTC", log: silentLogger, tick: () => {} });
  atEnd(() => running.stop());
  return running;
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
  const since = start(schedule).freshSince(3, Date.parse(now));
  expect(new Date(since).toISOString()).toBe(expected);
});

test.each([
  ["the next tick", "*/5 * * * *", 0, "2026-03-04T03:20:00.000Z"],
  ["a later one, where some are left out", "*/5 * * * *", 1, "2026-03-04T03:25:00.000Z"],
  ["a full read's, which counts among them", "*/5 * * * *", 3, "2026-03-04T03:30:00.000Z"],
  ["and the one after both of that moment", "*/5 * * * *", 4, "2026-03-04T03:35:00.000Z"],
  ["a full read's, where that comes first", "0 9 * * *", 0, "2026-03-04T03:30:00.000Z"],
])("the next scheduled cycle is at %s", (_, schedule, leftOut, expected) => {
  setSystemTime(new Date("2026-03-04T03:16:00Z"));
  atEnd(() => setSystemTime());
  expect(start(schedule).nextRun(leftOut)).toBe(expected);
});
