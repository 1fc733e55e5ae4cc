/** A `fetch` that writes down what is asked of a service, and can lose answers or requests on the way. */
export interface RecordedRequest {
  readonly method: string;
  /** Below the service's base URL, with its query decoded. */
  readonly path: string;
  readonly body: unknown;
  readonly headers: Headers;
  status: number;
}

export interface RecordingFetch {
  readonly log: RecordedRequest[];
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  /** The service does what is asked, and the answer never arrives. */
  loseAnswer: (request: RecordedRequest) => boolean;
}

export function plainFetch(url: string): RecordingFetch {
  const log: RecordedRequest[] = [];
  const recording: RecordingFetch = {
    log,
    loseAnswer: () => false,
    fetch: async (input, init) => {
      const request: RecordedRequest = {
        method: init?.method ?? "GET",
        path: decodeURIComponent(input.startsWith(url) ? input.slice(url.length) : input),
        body:
          typeof init?.body === "string" && init.body.startsWith("{") ? JSON.parse(init.body) : (init?.body ?? null),
        headers: new Headers(init?.headers),
        status: 0,
      };
      log.push(request);
      const response = await fetch(input, init);
      request.status = response.status;
      if (!recording.loseAnswer(request)) return response;
      await response.arrayBuffer();
      throw Object.assign(new Error("the connection was reset"), { code: "ECONNRESET" });
    },
  };
  return recording;
}

/** `PATCH /Users/…` of each request that changes something. */
export function writes(log: readonly RecordedRequest[]): string[] {
  return log
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, "…")}`);
}
