/** When cycles begin by themselves. */
import { Cron } from "croner";
import type { Logger } from "../log.ts";

export interface ScheduleOptions {
  /** Croner patterns of five fields; design §5. */
  readonly schedule: string;
  readonly fullSync: string;
  /** IANA zone of the patterns; the computer's own when absent. */
  readonly timezone?: string;
  readonly log: Logger;
  /** Called at each tick; must not throw for what a cycle meets. */
  readonly tick: (full: boolean) => void;
}

export interface Schedule {
  /** ISO 8601 UTC; null: never again. */
  nextRun(): string | null;
  /** Milliseconds between the next two ticks. */
  period(): number;
  stop(): void;
}

export function startSchedule({ schedule, fullSync, timezone, log, tick }: ScheduleOptions): Schedule {
  const options = {
    mode: "5-part",
    // A tick only asks for a cycle; overlap is the worker's affair. Errors are never silent.
    catch: (error: unknown) =>
      log.error("the schedule failed: {message}", { message: error instanceof Error ? error.message : String(error) }),
    ...(timezone === undefined ? {} : { timezone }),
  } as const;
  const regular = new Cron(schedule, options, () => tick(false));
  const full = new Cron(fullSync, options, () => tick(true));
  return {
    nextRun: () => regular.nextRun()?.toISOString() ?? null,
    period: () => {
      const [first, second] = regular.nextRuns(2);
      return first === undefined || second === undefined ? 0 : second.getTime() - first.getTime();
    },
    stop: () => {
      regular.stop();
      full.stop();
    },
  };
}
