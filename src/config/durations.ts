/** Durations and sizes as people write them in tiersync.yaml. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const SHORT = /^(\d{1,9})\s*(s|m|h|d)$/i;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
/** ISO 8601 without years and months, whose length varies. */
const ISO = /^P(?:(\d{1,6})W|(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?)$/i;

export const LONGEST = 3650 * DAY;

/** Milliseconds of `30s`, `10m`, `24h`, `7d`, or of an ISO 8601 duration such as `PT24H`, at most ten years; null otherwise. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  const ms = shortDuration(trimmed) ?? isoDuration(trimmed);
  return ms !== null && ms <= LONGEST ? ms : null;
}

function shortDuration(text: string): number | null {
  const match = SHORT.exec(text);
  return match === null ? null : Number(match[1]) * (UNITS[match[2]?.toLowerCase() ?? ""] ?? Number.NaN);
}

function isoDuration(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null || !match.slice(1).some((part) => part !== undefined)) return null;
  if (text.toUpperCase().endsWith("T")) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (weeks * 7 + days) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND;
}

const SIZE = /^(\d{1,9})\s*(B|KB|MB|GB)$/i;
const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Bytes of `20MB` (1 MB = 1024 KB); null when it is no size. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text.trim());
  return match === null ? null : Number(match[1]) * (SIZES[match[2]?.toLowerCase() ?? ""] ?? Number.NaN);
}
