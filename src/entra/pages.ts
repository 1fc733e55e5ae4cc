/** Lists page by page: the SDK's iterator hides where pages end and follows links anywhere. */
import { AgentError } from "../errors.ts";
import type { Call } from "./call.ts";
import { isRecord } from "./entra-errors.ts";
import { expectOk, type GraphClient } from "./graph-client.ts";
import { incomplete } from "./graph-errors.ts";

export interface Page {
  readonly items: readonly unknown[];
  /** Path of the next page. */
  readonly next: string | null;
  /** Path to ask for changes from here on; only at the end of a delta round. */
  readonly delta: string | null;
}

/** Empty pages of one list that may name a page that was asked for already. */
const EMPTY_REPEATS = 5;

/** The pages from `path` on. The next page is on its way while one is being worked on. */
export async function* readPages(client: GraphClient, path: string, call: Call, cap: number): AsyncGenerator<Page> {
  const seen = new Set([path]);
  let patience = EMPTY_REPEATS;
  let pending: Promise<Page> | null = fetchPage(client, path, call);
  while (pending !== null) {
    const page: Page = await pending;
    if (page.next !== null) {
      // An empty page that points to where it is says "not yet"; anything else that was there before is a circle.
      const waits = page.items.length === 0 && patience-- > 0;
      if (seen.has(page.next) && !waits) {
        throw incomplete(call.what, "Microsoft Graph names the same next page again and again");
      }
      if (seen.size >= cap) throw incomplete(call.what, `more than ${cap} pages`);
      seen.add(page.next);
    }
    pending = page.next === null ? null : fetchPage(client, page.next, call);
    // Whoever stops early leaves it behind.
    pending?.catch(() => {});
    yield page;
  }
}

async function fetchPage(client: GraphClient, path: string, call: Call): Promise<Page> {
  return parsePage(client, expectOk(await client.get(path, call), call), call);
}

/** A page of a list. Throws `ERR_GRAPH_INCOMPLETE` when it has no `value` array: an answer without is never an empty list. */
export function parsePage(client: GraphClient, body: unknown, call: Call): Page {
  if (!isRecord(body) || !Array.isArray(body["value"])) {
    throw incomplete(call.what, "the answer of Microsoft Graph is not a list (`value` is missing)");
  }
  return {
    items: body["value"],
    next: linkOf(client, body["@odata.nextLink"], call),
    delta: linkOf(client, body["@odata.deltaLink"], call),
  };
}

function linkOf(client: GraphClient, link: unknown, call: Call): string | null {
  if (link === undefined || link === null) return null;
  if (typeof link !== "string") throw incomplete(call.what, "a link in the answer of Microsoft Graph is no text");
  return client.pathOf(link);
}

/** Whether an error says that everything has to be read again. */
export function isReset(error: unknown): error is AgentError {
  return error instanceof AgentError && error.code === "ERR_DELTA_RESET";
}

/** Whether Graph refused a link it gave earlier (tokens in links live for a while only). */
export function isStaleLink(error: unknown): boolean {
  if (isReset(error)) return true;
  return error instanceof AgentError && (error.facts["statusCode"] === 400 || error.facts["statusCode"] === 404);
}
