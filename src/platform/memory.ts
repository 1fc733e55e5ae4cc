/** Memory between the steps of a large cycle: what one step leaves behind is given back before the next one needs as much again. */
import { deno } from "./runtime.ts";

/** Less work than this leaves nothing behind that is worth a collection. */
const LARGE = 2_000;
/** People or actions between two collections within a step. */
const STRIDE = 20_000;

/** To be called as work goes on, with the step and how many people or actions of it are done. */
export function createMemoryKeeper(collect: () => void = collectGarbage): (step: string, done: number) => void {
  let current = "";
  let last = 0;
  let collected = 0;
  return (step, done) => {
    const next = step !== current;
    // Reading does not say how much it was: whoever has that many people to evaluate has read them.
    const due = next ? Math.max(last, done) >= LARGE : done - collected >= STRIDE;
    if (next) collected = 0;
    if (due) {
      collect();
      collected = done;
    }
    current = step;
    last = done;
  };
}

/** Beside the work, on another core. By itself the engine waits until the heap has doubled, and a first cycle takes twice what it needs. */
function collectGarbage(): void {
  if (deno === undefined) Bun.gc(false);
}
