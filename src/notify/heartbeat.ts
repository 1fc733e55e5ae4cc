/** A sign of life after each good cycle: whoever watches the address raises an alarm when it stays away. */
import { AgentError } from "../errors.ts";
import { networkProblem } from "../model/network-problem.ts";
import type { Fetch } from "./channel.ts";

const TIMEOUT = 10_000;

/** One GET. Throws `AgentError` `ERR_NOTIFY` when it is not answered well. */
export async function ping(url: string, fetch: Fetch, signal: AbortSignal): Promise<void> {
  // The path of such an address is often a secret by itself.
  const { host } = new URL(url);
  let status: number;
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]) });
    await response.body?.cancel();
    if (response.ok) return;
    status = response.status;
  } catch (error) {
    const { why, hint } = networkProblem(error);
    const message = `heartbeat to ${host} failed: ${why}`;
    throw new AgentError("ERR_NOTIFY", message, { retryable: true, ...(hint === null ? {} : { hint }) });
  }
  throw new AgentError("ERR_NOTIFY", `heartbeat to ${host} was answered with ${status}`, { retryable: true });
}
