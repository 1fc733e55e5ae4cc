/** When cycles begin by themselves. */
import { Cron } from "croner";
import type { Logger } from "../log.ts";

export interface ScheduleOptions {
  /** Croner patterns. */
  readonly schedule: string;
  readonly fullSync: string;
  /** IANA zone of the patterns; the computer's own when absent. */
  readonly timezone?: string;
  readonly log: Logger;
  /** Called at each tick; must not throw for what a cycle meets. */
  readonly tick: (full: boolean) => void;
}

export interface Schedule {
  /** When a cycle begins by itself, after so many ticks that are left out. ISO 8601 UTC; null: never again. */
  nextRun(leftOut: number): string | null;
  /** Since when a cycle must have ended not to be late at `now`: so many periods ago, what the pattern leaves out not counted. Epoch ms. */
  freshSince(periods: number, now: number): number;
  stop(): void;
}

export function startSchedule({ schedule, fullSync, timezone, log, tick }: ScheduleOptions): Schedule {
  const options = {
    // A tick only asks for a cycle; overlap is the worker's affair. Errors are never silent.
    catch: (error: unknown) =>
      log.error("the schedule failed: {message}", { message: error instanceof Error ? error.message : String(error) }),
    ...(timezone === undefined ? {} : { timezone }),
  };
  const regular = new Cron(schedule, options, () => tick(false));
  const full = new Cron(fullSync, options, () => tick(true));
  return {
    nextRun: (leftOut) => {
      // Ticks of both patterns are left out alike, also where they fall together.
      const ticks = [regular, full].flatMap((pattern) => pattern.nextRuns(leftOut + 1));
      const tick = ticks.sort((a, b) => a.getTime() - b.getTime())[leftOut];
      return tick?.toISOString() ?? null;
    },
    freshSince: (periods, now) => {
      const [first = 0, second = 0] = regular.nextRuns(2, new Date(now)).map((tick) => tick.getTime());
      // Over a night or a weekend without ticks nothing is late; they lie between the last ticks, not between the next two.
      const tick = regular.previousRuns(periods, new Date(now)).at(-1)?.getTime() ?? 0;
      return Math.min(tick, now - periods * (second - first));
    },
    stop: () => {
      regular.stop();
      full.stop();
    },
  };
}
