import type { Hono } from "hono";
import type { SecureHeadersVariables } from "hono/secure-headers";

/** The status API's Hono app; `secureHeadersNonce` is what the page's own style and script carry. */
export type StatusEnv = { Variables: SecureHeadersVariables };
export type StatusApp = Hono<StatusEnv>;
