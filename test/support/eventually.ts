/** For what happens beside the cycles: no event says when it is done. */
import { setTimeout as delay } from "node:timers/promises";

/** What `ask` gives once it fits; throws with the last value when it does not come about within `patience` ms. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  fits: (value: T) => boolean,
  patience = 10_000,
): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    const value = await ask();
    if (fits(value)) return value;
    if (performance.now() > end) throw new Error(`it never came about; last: ${JSON.stringify(value)}`);
    await delay(10);
  }
}
