/** `/events`: what happens in cycles, as server-sent events, until the client or the agent ends it. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { CycleEvent, SubscribeToCycles } from "./console.ts";

/** Events a slow reader may lag behind before it is let go; it connects again and reads `/status`. */
const BACKLOG = 1000;

export interface EventOptions {
  readonly progress: SubscribeToCycles;
  readonly shutdown: AbortSignal;
  /** Milliseconds between comment lines: servers cut connections that stay silent (Bun after 10 s). */
  readonly pingMs: number;
}

/** `ended` is called once the stream is over, whoever ended it. */
export function cycleEvents(c: Context, { progress, shutdown, pingMs }: EventOptions, ended: () => void): Response {
  return streamSSE(c, async (stream) => {
    const queue: CycleEvent[] = [];
    let pingDue = false;
    let wake = () => {};
    const stop = () => stream.abort();
    stream.onAbort(() => wake());
    const unsubscribe = progress((event) => {
      queue.push(event);
      if (queue.length > BACKLOG) stop();
      wake();
    });
    const pings = setInterval(() => {
      pingDue = true;
      wake();
    }, pingMs);
    shutdown.addEventListener("abort", stop);
    if (shutdown.aborted) stop();
    try {
      await stream.write("retry: 2000\n: connected\n\n");
      while (!stream.aborted) {
        const event = queue.shift();
        if (event !== undefined) await stream.writeSSE({ event: event.type, data: eventData(event) });
        else if (pingDue) {
          pingDue = false;
          await stream.write(": ping\n\n");
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      clearInterval(pings);
      shutdown.removeEventListener("abort", stop);
      unsubscribe();
      ended();
    }
  });
}

/** A step without its `type`, which is the event's name; of a cycle, the record as `/cycles/{id}` gives it. */
function eventData(event: CycleEvent): string {
  if (event.type !== "step") return JSON.stringify(event.cycle);
  const { type: _, ...step } = event;
  return JSON.stringify(step);
}
