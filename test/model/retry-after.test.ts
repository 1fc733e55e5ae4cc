import { expect, test } from "bun:test";
import { retryAfter } from "../../src/model/retry-after.ts";

const NOW = Date.parse("Tue, 27 Oct 2026 10:00:00 GMT");

test.each<[string | null, string | null, number | null]>([
  ["10", null, 10_000],
  ["2.128", null, 2128],
  ["0", null, 0],
  [null, null, null],
  ["", null, null],
  ["soon", null, null],
  ["-5", null, null],
  ["Tue, 27 Oct 2026 10:00:07 GMT", null, 7000],
  ["Tue, 27 Oct 2026 09:00:00 GMT", null, 0],
  // The sender's clock is an hour ahead, or behind.
  ["Tue, 27 Oct 2026 11:00:07 GMT", "Tue, 27 Oct 2026 11:00:00 GMT", 7000],
  ["Tue, 27 Oct 2026 09:00:07 GMT", "Tue, 27 Oct 2026 09:00:00 GMT", 7000],
  ["Tue, 27 Oct 2026 10:00:07 GMT", "yesterday", 7000],
  ["10", "Tue, 27 Oct 2026 11:00:00 GMT", 10_000],
])("Retry-After %p with Date %p is a wait of %p ms", (told, date, wait) => {
  const headers = new Headers();
  if (told !== null) headers.set("retry-after", told);
  if (date !== null) headers.set("date", date);
  expect(retryAfter(headers, NOW)).toBe(wait);
});
