/** When a message that could not be delivered is tried again. */

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const PAUSES = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR] as const;
/** After this long a message is given up. */
const PATIENCE = 3 * 24 * HOUR;

/** The time of the next try after one failed at `now`; null: none. `failures`: those before it. Epoch ms. */
export function nextTry(failures: number, createdAt: number, now: number): number | null {
  if (now - createdAt >= PATIENCE) return null;
  return now + (PAUSES[failures] ?? PAUSES[PAUSES.length - 1] ?? HOUR);
}
