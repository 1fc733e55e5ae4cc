/** A refusal in Graph's shape; thrown by handlers and turned into an answer in one place. */
export class GraphFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  body(requestId: string, clientRequestId: string, now: number): string {
    const date = new Date(now).toISOString().slice(0, 19);
    const innerError = { date, "request-id": requestId, "client-request-id": clientRequestId };
    return JSON.stringify({ error: { code: this.code, message: this.message, innerError } });
  }
}

export function badRequest(message: string): GraphFailure {
  return new GraphFailure(400, "Request_BadRequest", message);
}

export function unsupportedQuery(message: string): GraphFailure {
  return new GraphFailure(400, "Request_UnsupportedQuery", message);
}

export function notFound(id: string): GraphFailure {
  return new GraphFailure(
    404,
    "Request_ResourceNotFound",
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function denied(): GraphFailure {
  return new GraphFailure(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
}
