/** Answers of Graph that are not a success, as `AgentError`s ("Microsoft Graph error responses and resource types"). */
import { AgentError, type ErrorCode } from "../errors.ts";
import type { Call } from "./call.ts";
import { isRecord, word } from "./entra-errors.ts";

/** An answer of Graph: of a request, or of one item of a batch. */
export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined when the body is empty or no JSON. */
  readonly body: unknown;
}

/** Statuses that are worth another try of a read. */
export const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504, 509]);

/** Codes with which Graph says that a delta token is of no use any more (with 400 or 404; 410 needs no code). */
const RESET = /syncstatenotfound|resyncrequired/i;

/** Graph's `error.code`; null when there is none that may be shown. */
export function errorCode(body: unknown): string | null {
  return isRecord(body) && isRecord(body["error"]) ? word(body["error"]["code"]) : null;
}

/** Whether the application's rights are what is missing, as against one mailbox's policy. */
export function lacksRights(answer: GraphAnswer): boolean {
  return answer.status === 403 && errorCode(answer.body) === "Authorization_RequestDenied";
}

/** Whether an answer to a delta link means: read everything again. */
export function isDeltaReset(answer: GraphAnswer): boolean {
  if (answer.status === 410) return true;
  return (answer.status === 400 || answer.status === 404) && RESET.test(errorCode(answer.body) ?? "");
}

/** Whether an error is a refusal by Graph of what was asked, as against of the token or for the moment. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof AgentError)) return false;
  const graphs = error.code.startsWith("ERR_GRAPH_") || error.code === "ERR_DELTA_RESET";
  return graphs && [400, 403, 404, 405, 410, 501].includes(Number(error.facts["statusCode"]));
}

/** The error that an answer which is no success stands for. */
export function graphError(answer: GraphAnswer, call: Pick<Call, "what">): AgentError {
  const { status } = answer;
  const code = errorCode(answer.body);
  const ids = correlation(answer);
  const said = [
    `${status}${code === null ? "" : ` ${code}`}`,
    ids.requestId === null ? null : `request-id ${ids.requestId}`,
    ids.clientRequestId === null ? null : `client-request-id ${ids.clientRequestId}`,
    ids.date === null ? null : `at ${ids.date}`,
  ];
  const message = `${call.what}: Microsoft Graph answered ${said.filter((part) => part !== null).join(", ")}`;
  const hint = hintFor(status);
  return new AgentError(codeFor(status, isDeltaReset(answer)), message, {
    ...(hint === null ? {} : { hint }),
    retryable: TRANSIENT_STATUSES.has(status),
    facts: { statusCode: status, graphCode: code, ...ids },
  });
}

/** An answer that is cut, empty where it cannot be, or without what was asked for. */
export function incomplete(what: string, problem: string, hint?: string): AgentError {
  return new AgentError("ERR_GRAPH_INCOMPLETE", `${what}: ${problem}`, {
    ...(hint === undefined ? {} : { hint }),
    retryable: hint === undefined,
  });
}

export const RIGHTS_HINT =
  "grant admin consent for the application permissions User.Read.All, Group.Read.All and GroupMember.Read.All; `tiersync check` shows which are missing";

function codeFor(status: number, reset: boolean): ErrorCode {
  if (reset) return "ERR_DELTA_RESET";
  if (status === 403) return "ERR_GRAPH_FORBIDDEN";
  if (status === 429) return "ERR_GRAPH_THROTTLED";
  return "ERR_GRAPH_REFUSED";
}

function hintFor(status: number): string | null {
  if (status === 401) return "the token is not accepted: check `cloud:` in tiersync.yaml and this computer's clock";
  if (status === 407) return "the proxy wants a sign-in: put user and password into `proxy:` in tiersync.yaml";
  if (status >= 300 && status < 400) return "something between this server and Graph redirects: check the proxy";
  return null;
}

/** Microsoft spells it `innerError` and `innererror`, and nests it; the headers say the same. */
function correlation(answer: GraphAnswer): {
  requestId: string | null;
  clientRequestId: string | null;
  date: string | null;
} {
  let requestId = word(answer.headers.get("request-id"));
  let clientRequestId = word(answer.headers.get("client-request-id"));
  let level: unknown = isRecord(answer.body) ? answer.body["error"] : undefined;
  for (let depth = 0; depth < 5 && isRecord(level); depth += 1) {
    const entry = Object.entries(level).find(([key]) => key.toLowerCase() === "innererror");
    if (entry === undefined || !isRecord(entry[1])) break;
    level = entry[1];
    requestId ??= word(entry[1]["request-id"]);
    clientRequestId ??= word(entry[1]["client-request-id"]);
  }
  const date = answer.headers.get("date");
  return { requestId, clientRequestId, date: date !== null && !Number.isNaN(Date.parse(date)) ? date : null };
}
