/** For `tiersync check`: what a SCIM service can do, without changing anything there. */
import type { TierName } from "../../model/tier.ts";
import { connect } from "./connection.ts";
import { createScimHttp } from "./http.ts";
import { pageOf } from "./list.ts";
import type { ScimOptions } from "./options.ts";
import { createTierGroups } from "./tier-groups.ts";

export interface ScimProbe {
  readonly patch: boolean;
  readonly filter: boolean;
  readonly etag: boolean;
  readonly bulk: boolean;
  /** Accounts that the service says it has. */
  readonly accounts: number;
  /** With `tierAs: groups`: tiers whose group is not there. */
  readonly missing: readonly TierName[];
}

/**
 * Asks as a cycle would. Throws what a cycle would throw: `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_FORBIDDEN`, `ERR_TARGET_REFUSED`, or
 * `ERR_CONFIG` when the service has no place for tiers where `tierAs` says.
 */
export async function probeScim(options: ScimOptions, signal: AbortSignal): Promise<ScimProbe> {
  const connection = connect(options, createScimHttp(options));
  const service = await connection.service(signal);
  const what = "reading the accounts of the licence system";
  const path = `${service.users}?startIndex=1&count=1`;
  const { total } = pageOf(await connection.ask({ method: "GET", path, what }, signal), what);
  const { patch, filter, etag } = service;
  const missing = options.tierAs === "groups" ? await createTierGroups(connection).missing(signal) : [];
  return { patch, filter, etag, bulk: service.bulk !== null, accounts: total, missing };
}
