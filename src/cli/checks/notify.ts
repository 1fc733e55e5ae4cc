/** Would people hear of what only they can solve? Asks the mail server up to the login; sends only when told to. */
import type { Agent } from "../../agent.ts";
import type { CheckResult } from "../../model/views.ts";
import { failed } from "./result.ts";

/** Longest time for all channels of one tenant; ms. */
const PATIENCE = 60_000;

export interface NotifyContext {
  readonly agent: Pick<Agent, "notifier">;
  /** Send one message on each channel that is well. */
  readonly sendTest: boolean;
  readonly stop: AbortSignal;
}

export async function checkNotify(
  tenant: string,
  { agent, sendTest, stop }: NotifyContext,
): Promise<readonly CheckResult[]> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)]);
  try {
    const notifier = agent.notifier(tenant);
    const checks = await notifier.verify(signal);
    return sendTest ? [...checks, ...(await notifier.sendTest(signal))] : checks;
  } catch (error) {
    // Building it reads `caFile`.
    return [failed("notify", tenant, error)];
  }
}
