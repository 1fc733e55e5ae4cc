/** `POST /$batch`: up to 20 requests in one, each answered by the same service as if it had come alone. */
import { GraphFailure } from "./graph-error.ts";

interface BatchItem {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly dependsOn?: readonly string[];
}

export interface BatchContext {
  /** Where item URLs are relative to: origin and version. */
  readonly base: string;
  readonly authorization: string;
  answer(request: Request): Promise<Response>;
  readonly lowerCaseHeaders: boolean;
  /** A number in [0, 1): the order of the answers is arbitrary. */
  random(): number;
}

const LIMIT = 20;
const DEPENDENCY_FAILED = {
  error: { code: "FailedDependency", message: "The request failed because a request that it depends on failed." },
};

export interface BatchAnswer {
  readonly body: string;
  /** Of the items. */
  readonly statuses: readonly number[];
}

/** Throws 400 when the batch itself is malformed; failures of items are in the body. */
export async function answerBatch(text: string, context: BatchContext): Promise<BatchAnswer> {
  const items = parseBatch(text);
  const statuses = new Map<string, number>();
  const responses: string[] = [];
  for (const item of inOrderOfDependence(items)) {
    const broken = item.dependsOn?.some((id) => (statuses.get(id.toLowerCase()) ?? 424) >= 400) ?? false;
    const rendered = broken ? failedDependency(item.id) : await answerItem(item, context);
    statuses.set(item.id.toLowerCase(), rendered.status);
    responses.splice(Math.floor(context.random() * (responses.length + 1)), 0, rendered.json);
  }
  return { body: `{"responses":[${responses.join(",")}]}`, statuses: [...statuses.values()] };
}

async function answerItem(item: BatchItem, context: BatchContext): Promise<{ status: number; json: string }> {
  const headers = new Headers(item.headers);
  headers.set("Authorization", context.authorization);
  const url = `${context.base}${item.url.startsWith("/") ? "" : "/"}${item.url}`;
  const init: RequestInit = { method: item.method, headers };
  if (item.body !== undefined) init.body = JSON.stringify(item.body);
  const response = await context.answer(new Request(url, init));
  const shown: Record<string, string> = {};
  for (const name of [
    "Retry-After",
    "Location",
    "Cache-Control",
    "OData-Version",
    "Content-Type",
    "x-ms-resource-unit",
  ]) {
    const value = response.headers.get(name);
    if (value !== null) shown[context.lowerCaseHeaders ? name.toLowerCase() : name] = value;
  }
  const body = await response.text();
  const head = JSON.stringify({ id: item.id, status: response.status, headers: shown }).slice(0, -1);
  const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  return { status: response.status, json: `${head},"body":${isJson ? body : JSON.stringify(body)}}` };
}

function failedDependency(id: string): { status: number; json: string } {
  return { status: 424, json: JSON.stringify({ id, status: 424, headers: {}, body: DEPENDENCY_FAILED }) };
}

function parseBatch(text: string): readonly BatchItem[] {
  const requests = readJson(text)?.requests;
  if (!Array.isArray(requests) || requests.length === 0) throw malformed("Invalid batch payload format.");
  if (requests.length > LIMIT) {
    throw malformed(`Number of batch request steps exceeds the maximum value of ${LIMIT}.`, "MaximumValueExceeded");
  }
  const ids = new Set<string>();
  for (const item of requests as readonly Partial<BatchItem>[]) {
    if (typeof item?.id !== "string" || item.id === "") throw malformed("A request has no id.");
    if (typeof item.method !== "string" || typeof item.url !== "string")
      throw malformed("A request has no method or url.");
    if (/^[a-z]+:\/\//i.test(item.url)) throw malformed("The url of a request has to be relative.");
    if (ids.has(item.id.toLowerCase())) throw malformed(`Request id '${item.id}' is not unique.`);
    ids.add(item.id.toLowerCase());
    const names = Object.keys(item.headers ?? {}).map((name) => name.toLowerCase());
    if (item.body !== undefined && !names.includes("content-type")) throw malformed("A body needs a Content-Type.");
    for (const other of item.dependsOn ?? []) {
      if (!ids.has(other.toLowerCase()))
        throw malformed(`Request '${item.id}' depends on '${other}', which is not before it.`);
    }
  }
  return requests as readonly BatchItem[];
}

/** Dependent requests keep their place; the others may be done in any order, which the shuffled answers show. */
function inOrderOfDependence(items: readonly BatchItem[]): readonly BatchItem[] {
  return [...items].sort((a, b) => Number(Boolean(a.dependsOn)) - Number(Boolean(b.dependsOn)));
}

function readJson(text: string): { requests?: unknown } | null {
  try {
    return JSON.parse(text) as { requests?: unknown } | null;
  } catch {
    return null;
  }
}

function malformed(message: string, code = "BadRequest"): GraphFailure {
  return new GraphFailure(400, code, message);
}
