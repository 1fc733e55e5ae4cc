/** Token source and Graph client of one tenant, wired. */
import { createPause, sleepFor } from "./call.ts";
import { createGraphClient } from "./graph-client.ts";
import { DEFAULT_LIMITS, type EntraOptions } from "./options.ts";
import type { Reader } from "./reader.ts";
import { createTokenSource, type TokenSource } from "./token.ts";

export interface Connection {
  readonly tokens: TokenSource;
  readonly reader: Reader;
}

export function connect(options: EntraOptions): Connection {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { clock, logger } = options;
  const pause = createPause({ clock, sleep: options.sleep ?? sleepFor, patience: limits.patience });
  const tokens = createTokenSource(options, limits, pause);
  const client = createGraphClient(options, limits, tokens, pause);
  return { tokens, reader: { client, pause, now: () => clock.now(), limits, logger } };
}
