/** One line of `tiersync check`. */
import { type AgentError, toAgentError } from "../../errors.ts";
import type { CheckResult } from "../../model/views.ts";

export function ok(id: string, tenant: string | null, message: string): CheckResult {
  return { id, tenant, level: "ok", message, hint: null };
}

export function warn(id: string, tenant: string | null, message: string, hint: string): CheckResult {
  return { id, tenant, level: "warn", message, hint };
}

export function fail(id: string, tenant: string | null, message: string, hint: string): CheckResult {
  return { id, tenant, level: "fail", message, hint };
}

/** `also`: what the check knows besides, put behind the message. */
export function failed(id: string, tenant: string | null, thrown: unknown, also = ""): CheckResult {
  const error: AgentError = toAgentError(thrown);
  return fail(id, tenant, `${error.message}${also} [${error.code}]`, error.hint);
}
