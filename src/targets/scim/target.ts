/** The licence system behind a SCIM 2.0 interface (RFC 7643, RFC 7644). */
import type { LicenceTarget } from "../../cycle/ports.ts";
import { applyBatch } from "./apply.ts";
import { connect } from "./connection.ts";
import { createScimHttp } from "./http.ts";
import type { ScimOptions } from "./options.ts";
import { refreshCopy } from "./refresh.ts";
import { createTierGroups } from "./tier-groups.ts";

/**
 * Makes no request by itself. `refresh` reads everything at first, every `reconcileEvery` and when asked; else only people whose answers
 * were lost, so that an idle cycle costs nothing. `apply` records each result as it becomes known.
 */
export function createScimTarget(options: ScimOptions): LicenceTarget {
  const http = createScimHttp(options);
  const connection = connect(options, http);
  const groups = options.tierAs === "groups" ? createTierGroups(connection) : null;
  return {
    kind: "scim",
    refresh: async (unsettled, signal, whole = false, now = options.clock.now()) => {
      http.begin();
      await refreshCopy(connection, groups, { unsettled, now }, signal, whole);
    },
    apply: (batch, settle, signal) => applyBatch(connection, groups, batch, settle, signal),
    requests: http.requests,
  };
}
