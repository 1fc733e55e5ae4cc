/** What every reading shares, and the group list that full and delta reading have in common. */
import type { DirectoryScope, MirrorWriter } from "../cycle/ports.ts";
import { AgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ObjectId } from "../model/directory.ts";
import type { Call, Pause } from "./call.ts";
import type { GraphClient } from "./graph-client.ts";
import type { EntraLimits } from "./options.ts";

export interface Reader {
  readonly client: GraphClient;
  readonly pause: Pause;
  readonly now: () => number;
  readonly limits: EntraLimits;
  readonly logger: Logger;
}

/** One read of one tenant. */
export interface Reading extends Reader {
  readonly mirror: MirrorWriter;
  readonly scope: DirectoryScope;
  /** User properties, `id` first, each once. */
  readonly properties: readonly string[];
  /** What cursor and progress belong to: another scope, other properties or another Graph make them useless. */
  readonly key: string;
  /** More members were listed. */
  listed(members: number): void;
  /** `also`: a further signal that ends the call. Throws when the cycle is over. */
  call(what: string, also?: AbortSignal): Call;
}

/** A limit to one stretch of changes: called with every page, throws `ERR_DELTA_RESET` when it is too long. */
export function stretchGuard({ limits, now }: Reader): () => void {
  const until = now() + limits.deltaTime;
  let pages = 0;
  return () => {
    pages += 1;
    if (pages <= limits.deltaPages && now() <= until) return;
    throw new AgentError("ERR_DELTA_RESET", `the changes are too many to follow (${pages} pages)`);
  };
}

/** First page of a group's direct members: users with their properties, groups with name and visibility. */
export function membersPath(group: ObjectId, properties: readonly string[]): string {
  const select = [...new Set(["id", "displayName", "visibility", ...properties])].join(",");
  return `/groups/${encodeURIComponent(group)}/members?$select=${select}&$top=999`;
}
