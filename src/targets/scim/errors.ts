/** What the licence system answered, as errors that say what failed and what to do. */
import { AgentError } from "../../errors.ts";
import { plainText } from "../../model/plain-text.ts";

/** Longest part of the service's own words that is passed on. */
const DETAIL = 200;

export interface Answer {
  readonly status: number;
  /** The JSON object of the answer; null: none. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly etag: string | null;
  readonly location: string | null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One line, cut: never a whole body. */
export function shortText(value: unknown): string {
  if (typeof value !== "string") return "";
  const text = plainText(value.replace(/\s+/g, " ").trim());
  return text.length > DETAIL ? `${[...text].slice(0, DETAIL).join("")}…` : text;
}

/** `409 uniqueness: the user name is taken` (RFC 7644 §3.12). */
export function describeAnswer({ status, body }: Pick<Answer, "status" | "body">): string {
  const type = shortText(body?.["scimType"]);
  const detail = shortText(body?.["detail"]);
  return `${status}${type === "" ? "" : ` ${type}`}${detail === "" ? "" : `: ${detail}`}`;
}

/** `ERR_TARGET_UNREACHABLE`: no answer at all. `hint` null: the code's own. */
export function unanswered(
  message: string,
  { hint, cause, timedOut }: { readonly hint: string | null; readonly cause: unknown; readonly timedOut: boolean },
): AgentError {
  return new AgentError("ERR_TARGET_UNREACHABLE", message, {
    retryable: true,
    facts: { network: timedOut ? "timeout" : "failed" },
    cause,
    ...(hint === null ? {} : { hint }),
  });
}

/** `ERR_TARGET_REFUSED`: that request only. `facts`: `statusCode` and `scimType`. */
export function refusal(what: string, answer: Pick<Answer, "status" | "body">): AgentError {
  const scimType = shortText(answer.body?.["scimType"]) || null;
  return new AgentError("ERR_TARGET_REFUSED", `${what} was answered ${describeAnswer(answer)}`, {
    facts: { statusCode: answer.status, scimType },
  });
}

export function refused(message: string, hint?: string): AgentError {
  return new AgentError("ERR_TARGET_REFUSED", message, hint === undefined ? {} : { hint });
}

/** Whether it concerns one request only. */
export function isRefusal(error: unknown): error is AgentError {
  return error instanceof AgentError && error.code === "ERR_TARGET_REFUSED";
}

/** Whether the service failed at a request (500): at this one perhaps, and perhaps after it did what was asked. */
export function isFailure(error: unknown): error is AgentError {
  return error instanceof AgentError && error.facts["statusCode"] === 500;
}

export function unreachable(message: string, facts: Record<string, string | number> = {}): AgentError {
  return new AgentError("ERR_TARGET_UNREACHABLE", message, { retryable: true, facts });
}

/** It answers, and does not say what has to be known: nothing may be concluded from that. */
export function unknown(message: string, { hint }: { readonly hint: string }): AgentError {
  return new AgentError("ERR_TARGET_UNREACHABLE", message, { retryable: true, hint });
}

export function forbidden(what: string, answer: Pick<Answer, "status" | "body">): AgentError {
  return new AgentError("ERR_TARGET_FORBIDDEN", `${what} was answered ${describeAnswer(answer)}`, {
    facts: { statusCode: answer.status },
  });
}

/** Why the signal ended the work. */
export function stopReason(signal: AbortSignal): AgentError {
  const reason: unknown = signal.reason;
  return reason instanceof AgentError ? reason : new AgentError("ERR_STOPPED", "stopped", { cause: reason });
}
