/** The licence system behind a SCIM 2.0 interface (RFC 7643, RFC 7644). */
import type { LicenceTarget } from "../../cycle/ports.ts";
import { applyBatch } from "./apply.ts";
import { connect } from "./connection.ts";
import { createScimHttp } from "./http.ts";
import { createLook } from "./look.ts";
import type { ScimOptions } from "./options.ts";
import { refreshCopy } from "./refresh.ts";
import { createTierGroups } from "./tier-groups.ts";

/**
 * Makes no request by itself. `refresh` reads everything at first, every `reconcileEvery` and when asked; else only people whose answers
 * were lost, so that an idle cycle costs nothing. `look` asks for people who are to get accounts, where not everything was read just before.
 * `apply` records each result as it becomes known.
 */
export function createScimTarget(options: ScimOptions): LicenceTarget {
  const http = createScimHttp(options);
  const connection = connect(options, http);
  const groups = options.tierAs === "groups" ? createTierGroups(connection) : null;
  const look = createLook(connection, groups);
  /** The copy is as new as the last `refresh`. */
  let fresh = false;
  return {
    transactional: false,
    refresh: async (unsettled, signal, whole = false, now = options.clock.now()) => {
      http.begin();
      fresh = false;
      fresh = await refreshCopy(connection, groups, { unsettled, now }, signal, whole);
    },
    look: async (newcomers, signal) => {
      if (fresh || newcomers.length === 0) return false;
      const outcome = await look(newcomers, signal);
      fresh = outcome === "all read";
      return outcome !== "nothing new";
    },
    apply: (batch, settle, signal) => applyBatch(connection, groups, batch, settle, signal),
    requests: http.requests,
  };
}
