/** How long another side asks to be left alone. */

/**
 * `Retry-After` (RFC 9110 §10.2.3) in ms from now: whole or fractional seconds, or an HTTP date (a past one is 0), which is meant by
 * the sender's own clock as `Date` tells it. Null when absent or not understood. `now`: epoch ms, for answers without `Date`.
 */
export function retryAfter(headers: Pick<Headers, "get">, now: number): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const until = parseDate(text);
  return until === null ? null : Math.max(0, until - (parseDate(headers.get("date")) ?? now));
}

function parseDate(text: string | null): number | null {
  const date = /^[A-Za-z]/.test(text ?? "") ? Date.parse(text ?? "") : Number.NaN;
  return Number.isNaN(date) ? null : date;
}
