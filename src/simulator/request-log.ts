/** What a simulator was asked, for tests and the benchmark to count. */

export interface LoggedRequest {
  /** Epoch milliseconds of the simulated clock. */
  readonly at: number;
  readonly service: "token" | "graph";
  /** batch: an item of a `$batch`. */
  readonly level: "http" | "batch";
  /** Id of the tenant; null: not known (refused before). */
  readonly tenant: string | null;
  readonly method: string;
  /** Path and query with percent-encoding undone. */
  readonly path: string;
  readonly status: number;
  readonly resourceUnits: number;
  readonly headers: Headers;
}

/** Only so many entries are kept; the counters go on. */
const KEPT = 10_000;

export class RequestLog {
  #entries: LoggedRequest[] = [];
  #token = 0;
  #graph = 0;
  #batchItems = 0;
  #resourceUnits = 0;

  add(entry: LoggedRequest): void {
    this.#resourceUnits += entry.resourceUnits;
    if (entry.level === "batch") this.#batchItems += 1;
    else if (entry.service === "token") this.#token += 1;
    else this.#graph += 1;
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT) this.#entries.splice(0, KEPT);
  }

  get entries(): readonly LoggedRequest[] {
    return this.#entries;
  }

  /** HTTP requests by service (a `$batch` is one), items in batches, and resource units of both. */
  get counts(): { token: number; graph: number; batchItems: number; resourceUnits: number } {
    return {
      token: this.#token,
      graph: this.#graph,
      batchItems: this.#batchItems,
      resourceUnits: this.#resourceUnits,
    };
  }

  /** Requests whose `METHOD /path?query` contains or fits the pattern, batch items included. */
  count(match: string | RegExp): number {
    return this.#entries.filter(({ method, path }) => {
      const text = `${method} ${path}`;
      return typeof match === "string" ? text.includes(match) : match.test(text);
    }).length;
  }

  reset(): void {
    this.#entries = [];
    this.#token = this.#graph = this.#batchItems = this.#resourceUnits = 0;
  }
}
