/** The service as the parts of the target share it: requests, what it can do, and what was learnt on the way. */
import type { SeenAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import { type Answer, refusal } from "./errors.ts";
import type { ScimHttp, ScimRequest } from "./http.ts";
import type { ScimOptions } from "./options.ts";
import { learnService, type Service } from "./service.ts";
import { type Resource, readUser } from "./user-read.ts";
import type { WriteContext } from "./user-write.ts";

/** What a service is asked again after this; ms. */
const LEARN_EVERY = 24 * 60 * 60 * 1000;

/** creates: with a new account; adds: by PATCH; picks: by PATCH with a path that picks one value (`entitlements[value eq "Pro"]`); writes: as a whole. */
export type WayToTier = "creates" | "adds" | "picks" | "writes";

export interface Connection {
  readonly options: ScimOptions;
  readonly http: ScimHttp;
  /** Asked when it is first needed, and once a day. */
  service(signal: AbortSignal): Promise<Service>;
  /** Throws `ERR_TARGET_REFUSED` for an answer that is no success. */
  ask(request: ScimRequest, signal: AbortSignal): Promise<Answer>;
  /** Tiers of users where groups are the tiers; filled by reading the groups. */
  tiersOf: (remoteId: string) => readonly TierName[];
  /** Fills `tiersOf`. Call it before users are read that no whole reading of this cycle has shown. */
  readTiers: (signal: AbortSignal) => Promise<void>;
  read(user: Resource): SeenAccount | null;
  writing(service: Service): WriteContext;
  /** Learnt from refusals; for the life of the process. */
  readonly learnt: {
    /** Ways of asking for a tier that do it, where the answers do not show it; absent: nobody has seen it yet. */
    readonly does: Map<WayToTier, boolean>;
    bulk: boolean;
    patch: boolean;
    /** The credential may write: a 403 concerns one account. */
    wrote: boolean;
  };
}

export function connect(options: ScimOptions, http: ScimHttp): Connection {
  let known: { readonly service: Promise<Service>; readonly until: number } | null = null;
  const connection: Connection = {
    options,
    http,
    service: (signal) => {
      const now = options.clock.now();
      if (known !== null && now < known.until) return known.service;
      const service = learnService(http, options, signal);
      known = { service, until: now + LEARN_EVERY };
      service.catch(() => {
        known = null;
      });
      return service;
    },
    ask: async (request, signal) => {
      const answer = await http.send(request, signal);
      if (answer.status >= 300) throw refusal(request.what, answer);
      return answer;
    },
    tiersOf: () => [],
    readTiers: async () => undefined,
    read: (user) => readUser(user, options.tierAs, options.tiers, connection.tiersOf),
    writing: ({ user }) => ({ schema: user, tierAs: options.tierAs, tiers: options.tiers }),
    learnt: { does: new Map(), bulk: true, patch: true, wrote: false },
  };
  return connection;
}
