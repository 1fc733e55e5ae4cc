import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDuration, parseSize } from "../../src/config/durations.ts";

describe("a duration", () => {
  test.each([
    ["0s", 0],
    ["30s", 30_000],
    ["10m", 600_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    [" 7D ", 604_800_000],
    ["PT24H", 86_400_000],
    ["P1DT2H3M4S", 93_784_000],
    ["P2W", 1_209_600_000],
    ["pt0s", 0],
    ["3650d", 315_360_000_000],
    ["PT1.5H", 5_400_000],
    ["P0.5D", 43_200_000],
    ["P0,5D", 43_200_000],
    ["P1DT0,25H", 87_300_000],
    ["P1.5W", 907_200_000],
    ["PT1M0.001S", 60_001],
    ["PT1.0016S", 1002],
    ["PT0.00001S", 0],
  ])("%p is %p ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    "",
    "24",
    "h",
    "-1h",
    "1.5h",
    "24 hours",
    "1h30m",
    "P",
    "PT",
    "P1DT",
    "P1Y",
    "P1M",
    "3651d",
    "999999999d",
    "1e3s",
    "P0.5DT1H",
    "PT1.5H30M",
    "PT.5H",
    "PT1.H",
    "PT1.5.5H",
    "P3650.1D",
    "PT1e3S",
  ])("%p is none", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test("never makes anything of a text but a whole number of milliseconds", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."PTWDHMSwdhms0123456789., "), maxLength: 12 }), (text) => {
        const ms = parseDuration(text);
        return ms === null || (Number.isSafeInteger(ms) && ms >= 0);
      }),
    );
  });
});

test.each<[string, number | null]>([
  ["20MB", 20 * 1024 * 1024],
  ["1 kb", 1024],
  ["2GB", 2 * 1024 ** 3],
  ["512B", 512],
  ["20", null],
  ["20M", null],
  ["-1MB", null],
])("the size %p is %p bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
