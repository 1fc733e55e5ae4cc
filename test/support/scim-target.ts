/** A SCIM target over a strict service, with people in its store. */
import type { LicenceTarget } from "../../src/cycle/ports.ts";
import type { Drift } from "../../src/model/remote-account.ts";
import type { ScimOptions } from "../../src/targets/scim/options.ts";
import { createScimTarget } from "../../src/targets/scim/target.ts";
import { silentLogger } from "./silent-logger.ts";
import { type StrictOptions, type StrictScim, strictScim } from "./strict-scim.ts";
import { type TenantPeople, tenantPeople } from "./target-people.ts";

export interface ScimParts extends TenantPeople {
  readonly target: LicenceTarget;
  readonly scim: StrictScim;
  readonly options: ScimOptions;
  readonly drifts: Drift[];
  /** Waits that the service asked for; ms. */
  readonly waits: number[];
  /** Another target over the same store and service, as after a restart. */
  restarted(more?: Partial<ScimOptions>): LicenceTarget;
  refresh(unsettled?: readonly string[], whole?: boolean): Promise<void>;
}

export function scimParts(service: StrictOptions = {}, more: Partial<ScimOptions> = {}): ScimParts {
  const scim = strictScim(service);
  const people = tenantPeople(12);
  const { accounts, remote, transaction } = people.store;
  const drifts: Drift[] = [];
  const waits: number[] = [];
  const options: ScimOptions = {
    url: scim.url,
    auth: { kind: "token", read: async () => "secret" },
    tierAs: "entitlements",
    onPurge: "delete",
    onDrift: "report",
    tiers: ["Eco", "Advanced", "Pro"],
    fetch: scim.fetch,
    clock: { now: () => Date.now() },
    logger: silentLogger,
    drift: (drift) => void drifts.push(drift),
    sleep: async (ms) => void waits.push(Math.round(ms / 1000)),
    ...{ accounts, remote, transaction },
    ...more,
  };
  const target = createScimTarget(options);
  return {
    ...people,
    target,
    scim,
    options,
    drifts,
    waits,
    restarted: (changed = {}) => createScimTarget({ ...options, ...changed }),
    refresh: (unsettled = [], whole = false) => target.refresh(unsettled, AbortSignal.timeout(15_000), whole),
  };
}
