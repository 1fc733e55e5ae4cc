/** Dates in rules. */

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i;

/** Epoch ms of `2026-07-01` (its start in UTC) or of an ISO 8601 instant with a zone; null when it is neither. */
export function parseInstant(text: string): number | null {
  const day = DATE.test(text) ? text : INSTANT.exec(text)?.[1];
  if (day === undefined || !isDay(day)) return null;
  const instant = Date.parse(text.toUpperCase());
  return Number.isNaN(instant) ? null : instant;
}

/** `Date.parse` takes 31 June for 1 July. */
function isDay(day: string): boolean {
  const parsed = Date.parse(day);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(day);
}
