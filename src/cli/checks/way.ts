/** How a call leaves this computer. */
import type { AgentConfig } from "../../config/types.ts";
import { proxyOf } from "../../platform/fetch.ts";
import { redactText } from "../../platform/redaction.ts";

export interface Network {
  readonly config: Pick<AgentConfig, "network">;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Names the host and the proxy on the way: the two things a firewall's keeper asks for. */
export function wayTo(url: string, { config, env }: Network): string {
  const proxy = proxyOf(new URL(url), config.network.proxy, env);
  const way = proxy === null ? "without a proxy" : `through the proxy ${redactText(proxy)}`;
  return ` (${new URL(url).host}, ${way})`;
}
