/** Durations and sizes as people write them in tiersync.yaml. */
import { DAY } from "../model/days.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const SHORT = /^(\d{1,9})\s*(s|m|h|d)$/i;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
/** ISO 8601 without years and months, whose length varies. */
const ISO = /^P(?:([\d.,]+)W|(?:([\d.,]+)D)?(?:T(?:([\d.,]+)H)?(?:([\d.,]+)M)?(?:([\d.,]+)S)?)?)$/i;
const ISO_UNITS: readonly number[] = [7 * DAY, DAY, HOUR, MINUTE, SECOND];
const WHOLE = /^\d{1,10}$/;
const FRACTION = /^\d{1,10}[.,]\d{1,10}$/;

const LONGEST = 3650 * DAY;

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
  const parts = ISO.exec(text)?.slice(1) ?? [];
  const written = ISO_UNITS.flatMap((unit, i) => (parts[i] === undefined ? [] : [{ number: parts[i], unit }]));
  if (written.length === 0 || text.toUpperCase().endsWith("T")) return null;
  let ms = 0;
  for (const { number, unit } of written) {
    // Only the smallest unit that is written may have a fraction, with a point or a comma.
    const smallest = unit === written.at(-1)?.unit;
    if (!WHOLE.test(number) && !(smallest && FRACTION.test(number))) return null;
    ms += Number(number.replace(",", ".")) * unit;
  }
  return Math.round(ms);
}

const SIZE = /^(\d{1,9})\s*(B|KB|MB|GB)$/i;
const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Bytes of `20MB` (1 MB = 1024 KB); null when it is no size. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text.trim());
  return match === null ? null : Number(match[1]) * (SIZES[match[2]?.toLowerCase() ?? ""] ?? Number.NaN);
}
