/** A sign of life after each good cycle: whoever watches the address raises an alarm when it stays away. */
import { AgentError } from "../errors.ts";
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
    const why = (error instanceof Error ? error.message : String(error)).replaceAll(url, host);
    throw new AgentError("ERR_NOTIFY", `heartbeat to ${host} failed: ${why}`, { retryable: true });
  }
  throw new AgentError("ERR_NOTIFY", `heartbeat to ${host} was answered with ${status}`, { retryable: true });
}
