/** Faults that are answered in place of the service, and those that spoil its answer. */
import { type Fault, faultOf } from "./faults.ts";
import { GraphFailure } from "./graph-error.ts";

const HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>";

/** Null: the service may answer. */
export function answerInstead(faults: readonly Fault[], url: URL, now: number): Response | null {
  for (const fault of faults) {
    const response = insteadOf(fault, url, now);
    if (response) return response;
  }
  return null;
}

function insteadOf(fault: Fault, url: URL, now: number): Response | null {
  switch (fault.kind) {
    case "throttle": {
      const headers: Record<string, string> = {
        "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        "x-ms-throttle-scope": "Tenant_Application/ReadWrite/simulated",
        ...(fault.retryAfter === undefined ? {} : { "Retry-After": fault.retryAfter }),
      };
      return failure(new GraphFailure(429, "TooManyRequests", "Please retry again later.", headers), now);
    }
    case "status": {
      const headers: Record<string, string> = fault.retryAfter === undefined ? {} : { "Retry-After": fault.retryAfter };
      const code = fault.code ?? CODES[fault.status] ?? "generalException";
      return failure(new GraphFailure(fault.status, code, fault.message ?? "Simulated failure.", headers), now);
    }
    case "html":
      return new Response(HTML, { status: fault.status ?? 502, headers: { "Content-Type": "text/html" } });
    case "empty":
      return new Response(null, { status: fault.status ?? 200, headers: { "Content-Type": "application/json" } });
    case "deltaGone": {
      const headers = { Location: `${url.origin}${url.pathname}?$deltatoken=` };
      return failure(new GraphFailure(410, "resyncRequired", "Resync required.", headers), now);
    }
    case "deltaExpired": {
      const message =
        "The sync state generation is not found. The delta token is expired and data must be synchronized again.";
      return failure(new GraphFailure(fault.status ?? 400, fault.code ?? "syncStateNotFound", message), now);
    }
    case "refuseDeltaInBatch":
      return failure(new GraphFailure(400, "BadRequest", "Delta is not supported in a batch."), now);
    case "close":
      return new Response(brokenStream("{"), { headers: { "Content-Type": "application/json" } });
    default:
      return null;
  }
}

const CODES: Readonly<Record<number, string>> = {
  429: "TooManyRequests",
  500: "generalException",
  503: "serviceNotAvailable",
  504: "UnknownError",
};

/** The answer, spoilt by those faults that do. */
export async function spoil(faults: readonly Fault[], url: URL, response: Response): Promise<Response> {
  let spoilt = response;
  const slow = faultOf(faults, "slow");
  if (slow) await new Promise((resolve) => setTimeout(resolve, slow.milliseconds));
  if (faultOf(faults, "repeatNextLink")) spoilt = await relink(spoilt, () => url.href);
  const foreign = faultOf(faults, "foreignNextLink");
  if (foreign) spoilt = await relink(spoilt, () => `${foreign.origin}${url.pathname}${url.search}`);
  if (faultOf(faults, "cut")) {
    const text = await spoilt.text();
    spoilt = new Response(text.slice(0, text.length / 2), spoilt);
  }
  if (faultOf(faults, "endless")) {
    const text = await spoilt.text();
    spoilt = new Response(stallingStream(text.slice(0, text.length / 2)), spoilt);
  }
  return spoilt;
}

async function relink(response: Response, link: () => string): Promise<Response> {
  if (response.status !== 200) return response;
  const body = (await response.json()) as Record<string, unknown>;
  delete body["@odata.deltaLink"];
  return new Response(JSON.stringify({ ...body, "@odata.nextLink": link() }), response);
}

function failure(error: GraphFailure, now: number): Response {
  const requestId = crypto.randomUUID();
  const headers = { ...error.headers, "Content-Type": "application/json", "request-id": requestId };
  return new Response(error.body(requestId, requestId, now), { status: error.status, headers });
}

function brokenStream(begin: string): ReadableStream {
  let begun = false;
  return new ReadableStream({
    pull(controller) {
      if (begun) controller.error();
      else controller.enqueue(new TextEncoder().encode(begin));
      begun = true;
    },
  });
}

function stallingStream(begin: string): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(begin));
    },
  });
}
