/** Errors as RFC 9457 problem details. */
import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AgentError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface Problem {
  /** Always `about:blank`: `title` is the status' phrase and `code` says what happened. */
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable: a code of the table in `errors.ts`. */
  readonly code: ErrorCode;
  /** What to do, in one sentence. */
  readonly hint: string;
}

const STATUS_OF: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  ERR_BAD_REQUEST: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_HOST: 403,
  ERR_NOT_FOUND: 404,
  ERR_AMBIGUOUS: 409,
  ERR_EXISTS: 409,
  ERR_LOCKED: 409,
  ERR_CONFIG: 503,
  ERR_STORE: 503,
  ERR_STOPPED: 503,
};

/** An `application/problem+json` response. `hint` defaults to the code's remedy. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: ErrorCode,
  detail: string,
  hint: string = ERROR_CODES[code].remedy,
): Response {
  const body: Problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code, hint };
  if (status === 401) c.header("WWW-Authenticate", 'Bearer realm="tiersync"'); // RFC 9110 §11.6.1
  return c.json(body, status, { "Content-Type": "application/problem+json" });
}

/** Whatever a handler threw, as a problem. What nobody foresaw goes to the log with its text and to the client without it. */
export function problemOf(c: Context, thrown: unknown, log: Logger): Response {
  if (thrown instanceof HTTPException) {
    return problem(c, thrown.status as ContentfulStatusCode, "ERR_BAD_REQUEST", thrown.message);
  }
  if (thrown instanceof AgentError && thrown.code !== "ERR_INTERNAL") {
    const status = STATUS_OF[thrown.code] ?? 500;
    if (status >= 500) log.error("a request to the status API failed: {message}", { message: thrown.message });
    return problem(c, status, thrown.code, thrown.message, thrown.hint);
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  log.error("a request to the status API failed: {stack}", { stack });
  return problem(c, 500, "ERR_INTERNAL", "the request failed inside tiersync; the log says more");
}
