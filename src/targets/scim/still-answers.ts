/** Whether an answer is about one account, or nobody is there: a gateway answers 404 for a service that is being mended. */
import { AgentError } from "../../errors.ts";
import { AccountGone } from "./account-errors.ts";
import type { Connection } from "./connection.ts";
import { unreachable } from "./errors.ts";
import { pageOf } from "./list.ts";
import type { Service } from "./service.ts";

/** Whether the service still lists its users. */
export async function stillAnswers(connection: Connection, service: Service, signal: AbortSignal): Promise<boolean> {
  const path = `${service.users}?startIndex=1&count=1`;
  const what = "asking whether the licence system still answers";
  try {
    pageOf(await connection.ask({ method: "GET", path, what }, signal), what);
    return true;
  } catch (error) {
    if (!(error instanceof AgentError) || signal.aborted) throw error;
    return false;
  }
}

/** What it means that an account was not found: `AccountGone`, or `ERR_TARGET_UNREACHABLE` where no other is found either. */
export async function notFound(
  connection: Connection,
  service: Service,
  what: string,
  signal: AbortSignal,
): Promise<AgentError> {
  if (await stillAnswers(connection, service, signal)) return new AccountGone(what);
  return unreachable(`${what} was answered 404, and the licence system does not list its accounts either`, {
    statusCode: 404,
  });
}
