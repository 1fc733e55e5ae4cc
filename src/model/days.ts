/** Whole days, as people count them. */

/** Milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;

/** Whole days until then: 0 on the last day, negative afterwards. Both are epoch ms. */
export function daysLeft(expiresAt: number, now: number): number {
  return Math.floor((expiresAt - now) / DAY);
}
