/** What commands that work on a home folder share: the lock, the agent, its log, progress, and an orderly end. */
import type { Agent, CycleStep } from "../agent.ts";
import type { ExitCode } from "../errors.ts";
import { CYCLE_DEADLINE, type CycleRecord } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import type { GlobalOptions } from "./command.ts";
import type { CommandIo } from "./io.ts";
import { type GoodHome, loadGoodHome } from "./load-home.ts";
import { commandLogging, logWarnings } from "./logging.ts";
import { createProgress, type Progress, type Step } from "./progress.ts";
import { assertNoAgent } from "./running-agent.ts";

export interface HomeAtWork {
  readonly good: GoodHome;
  readonly agent: Agent;
  readonly progress: Progress;
  /**
   * One cycle of each of these tenants, side by side: what happens to one does not touch the others. `only`: object id of the one
   * person it is about.
   */
  cycles(tenants: readonly string[], full: boolean, only?: string): Promise<CycleRecord[]>;
  /** Aborts when the command is interrupted. */
  readonly signal: AbortSignal;
}

/** Throws `ERR_LOCKED` while another instance is at work on the home, and `ERR_CONFIG` for a broken one. */
export async function withHome(
  home: string,
  options: GlobalOptions,
  io: CommandIo,
  work: (at: HomeAtWork) => Promise<ExitCode>,
): Promise<ExitCode> {
  const good = loadGoodHome(home);
  const { openAgent, lockHome } = await import("../agent.ts");
  const { databaseOf } = await import("../home-database.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  databaseOf(home); // throws where nobody can say: a closed folder is not one that an agent has locked
  await assertNoAgent(home);
  const lock = lockHome(home);
  const logging = commandLogging(home, good.config, options, io);
  logWarnings(logging, good.warnings);
  const progress = createProgress(io, options.quiet === true || options.json === true);
  const stop = stopSignals();
  let agent: Agent | null = null;
  try {
    const opened = openAgent(good, {
      home,
      env: io.env,
      logging,
      lock,
      progress: (step) => progress.step(stepOf(step)),
    });
    agent = opened;
    const cycles: HomeAtWork["cycles"] = async (tenants, full, only) => {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(CYCLE_DEADLINE)]);
      const deadline = Date.now() + CYCLE_DEADLINE;
      const limits = { pauses: false, suspicious: false, signal, deadline } as const;
      const request = { trigger: "cli", full, ...limits, ...(only === undefined ? {} : { only }) } as const;
      const one = async (name: string): Promise<CycleRecord> => {
        const record = await opened.cycle(name, request);
        // A cycle about one person is no sign that those about everybody go on.
        await opened.tell(name, { record: only === undefined ? record : null, pauses: false, signal: stop.signal });
        return record;
      };
      return await Promise.all(tenants.map(one));
    };
    return await work({ good, agent: opened, progress, cycles, signal: stop.signal });
  } finally {
    progress.dispose();
    stop.dispose();
    agent?.close();
    logging.dispose();
    lock.release();
  }
}

const STEPS: Readonly<Record<CycleStep["step"], string>> = {
  read: "reading groups and people",
  evaluate: "applying the rules",
  mailboxes: "reading mailbox settings",
  plan: "planning",
  apply: "giving and taking licences",
  done: "done",
};

export function stepOf({ tenant, step, done, of }: CycleStep): Step {
  const count = done === 0 || step === "done" ? "" : of === null ? `${done}` : `${done} of ${of}`;
  return { text: `${plainText(tenant)}: ${STEPS[step]}`, of: tenant, count };
}
