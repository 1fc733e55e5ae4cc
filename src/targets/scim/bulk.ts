/** Many requests in one (RFC 7644 §3.7). */
import { Buffer } from "node:buffer";
import type { Connection } from "./connection.ts";
import { type Answer, isRecord } from "./errors.ts";
import type { ScimRequest } from "./http.ts";
import type { Service } from "./service.ts";

const SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/** The answers, in the order of the requests; null for what the service did not answer. Throws as `ScimHttp.send`. */
export async function sendBulk(
  connection: Connection,
  requests: readonly ScimRequest[],
  signal: AbortSignal,
): Promise<readonly (Answer | null)[]> {
  const operations = requests.map((request, index) => operation(request, index));
  const what = `sending ${requests.length} changes at once`;
  const body = { schemas: [SCHEMA], Operations: operations };
  const answer = await connection.http.send({ method: "POST", path: "/Bulk", body, what }, signal);
  const items = answer.status < 300 ? answer.body?.["Operations"] : null;
  if (!Array.isArray(items)) {
    // One at a time from now on.
    connection.learnt.bulk = false;
    return requests.map(() => null);
  }
  connection.learnt.wrote = true;
  const results = items.filter(isRecord);
  const named = new Map(results.map((result) => [result["bulkId"], result]));
  return operations.map(({ bulkId, method, path }) => {
    const own =
      named.get(bulkId) ?? (method === "POST" ? undefined : results.find((result) => isOf(result, method, path)));
    return own === undefined ? null : answerOf(own);
  });
}

/** Slices of requests that the service takes at once. */
export function* bulkSlices<T>(
  items: readonly T[],
  requestOf: (item: T) => ScimRequest,
  limits: NonNullable<Service["bulk"]>,
): Iterable<readonly T[]> {
  let slice: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(operation(requestOf(item), slice.length))) + 1;
    // The envelope takes its part.
    if (slice.length > 0 && (slice.length >= limits.operations || bytes + size > limits.bytes - 200)) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(item);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly bulkId: string;
  readonly version?: string;
  readonly data?: unknown;
}

function operation({ method, path, version, body }: ScimRequest, index: number): Operation {
  return {
    method,
    path,
    bulkId: `${index + 1}`,
    ...(version ? { version } : {}),
    ...(body === undefined ? {} : { data: body }),
  };
}

function isOf(result: Record<string, unknown>, method: string, path: string): boolean {
  const { location } = result;
  return result["method"] === method && typeof location === "string" && location.endsWith(path);
}

function answerOf(result: Record<string, unknown>): Answer | null {
  const { status, response, location, version } = result;
  const code = Number(isRecord(status) ? status["code"] : status);
  if (!Number.isInteger(code)) return null;
  return {
    status: code,
    body: isRecord(response) ? response : null,
    etag: typeof version === "string" ? version : null,
    location: typeof location === "string" ? location : null,
  };
}
