/** What a test can make go wrong, for which requests and how often. */

/** Answered in place of the real thing. `never`, `close` and `html` concern whole HTTP requests only, not items of a batch. */
export type AnswerFault =
  /** 429. `retryAfter` is sent as it is: seconds, fractional seconds or an HTTP date; absent: no header. */
  | { readonly kind: "throttle"; readonly retryAfter?: string }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly retryAfter?: string;
    }
  /** A proxy's page; 502 unless told. */
  | { readonly kind: "html"; readonly status?: number }
  /** No body, but the usual JSON content type; 200 unless told. */
  | { readonly kind: "empty"; readonly status?: number }
  /** Token endpoint: a refusal by its AADSTS number. */
  | { readonly kind: "aadsts"; readonly code: number }
  /** 410 with `Location`. */
  | { readonly kind: "deltaGone" }
  /** 400 `syncStateNotFound` unless told. */
  | { readonly kind: "deltaExpired"; readonly status?: number; readonly code?: string }
  /** The item of a batch is refused when it is a delta; plain requests are not. */
  | { readonly kind: "refuseDeltaInBatch" }
  /** Never answers. */
  | { readonly kind: "never" }
  /** The connection breaks in the middle of the answer. */
  | { readonly kind: "close" };

/** The real answer, spoilt. */
export type SpoilFault =
  /** The body ends half-way, as if it were whole. */
  | { readonly kind: "cut" }
  /** Half the body, then nothing, for ever. */
  | { readonly kind: "endless" }
  /** Real milliseconds before the answer. */
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** `@odata.nextLink` leads to this very page again. */
  | { readonly kind: "repeatNextLink" }
  | { readonly kind: "foreignNextLink"; readonly origin: string };

/** The directory answers, but in a way that Graph allows itself. */
export type HandlerFault =
  /** A page without items and with a nextLink, before the real page. */
  | { readonly kind: "emptyPage" }
  /** People as if the app might not read them: type and id, everything else null. */
  | { readonly kind: "nullProperties" }
  /** Begins this many changes before the token's place. */
  | { readonly kind: "deltaReplay"; readonly changes: number }
  /** Every entry twice. */
  | { readonly kind: "deltaDuplicate" }
  | { readonly kind: "deltaReverse" }
  /** Every addition and removal of a member in order, also those that cancel each other. */
  | { readonly kind: "deltaRawOperations" }
  /** An initial round lists former members as removed. */
  | { readonly kind: "deltaRemovedMembers" }
  | { readonly kind: "restoreUnreported" }
  /** A batch with a throttled item answers 424 as a whole, as Graph once said it would. */
  | { readonly kind: "batchFailedDependency" }
  /** Header names of batch items in lower case. */
  | { readonly kind: "batchLowerCaseHeaders" };

export type Fault = (AnswerFault | SpoilFault | HandlerFault) & {
  /** Part of, or pattern for, `METHOD /path?query` with percent-encoding undone. Absent: every request. */
  readonly match?: string | RegExp;
  /** How many requests it hits; 1 when absent. */
  readonly times?: number;
  /** How many matching requests pass first; 0 when absent. */
  readonly after?: number;
  /** Which requests: of their own, items of a `$batch`, or both (when absent). */
  readonly level?: "http" | "batch";
};

const HTTP_ONLY: ReadonlySet<string> = new Set(["never", "close", "html", "empty", "cut", "endless", "slow"]);

export class Faults {
  #active: { fault: Fault; skip: number; left: number }[] = [];

  add(fault: Fault): void {
    this.#active.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#active = [];
  }

  /** The faults that this request meets; each counts as used. */
  take(request: string, level: "http" | "batch"): readonly Fault[] {
    if (this.#active.length === 0) return [];
    const met: Fault[] = [];
    for (const entry of this.#active) {
      if (!applies(entry.fault, request, level)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      met.push(entry.fault);
    }
    this.#active = this.#active.filter(({ left }) => left > 0);
    return met;
  }
}

function applies(fault: Fault, request: string, level: "http" | "batch"): boolean {
  if (fault.level !== undefined && fault.level !== level) return false;
  if (level === "batch" && HTTP_ONLY.has(fault.kind)) return false;
  if (fault.kind === "refuseDeltaInBatch" && !(level === "batch" && request.includes("/delta"))) return false;
  if (fault.match === undefined) return true;
  return typeof fault.match === "string" ? request.includes(fault.match) : fault.match.test(request);
}

/** The fault of one kind among those met. */
export function faultOf<K extends Fault["kind"]>(
  faults: readonly Fault[],
  kind: K,
): Extract<Fault, { kind: K }> | null {
  const found = faults.find((fault) => fault.kind === kind);
  return (found as Extract<Fault, { kind: K }> | undefined) ?? null;
}
