/** `target:` and `tiers:` in tiersync.yaml. */
import * as v from "valibot";
import { block, choose, hasKey } from "../rules/shapes.ts";
import { duration, oneOf, secret, secureUrl, text, whole } from "./fields.ts";

const ledger = block({
  kind: v.pipe(v.literal("ledger"), v.description("The embedded SQLite ledger.")),
});

const scim = block({
  kind: v.pipe(v.literal("scim"), v.description("A licence system that speaks SCIM 2.0 (RFC 7644).")),
  url: secureUrl("Base URL of the SCIM service. Plain http only on a loopback address."),
  token: v.optional(secret("Bearer token.")),
  oauth: v.optional(
    v.pipe(
      block({
        tokenUrl: secureUrl("Token endpoint (OAuth 2.0 client credentials)."),
        clientId: text("Client id at the token endpoint."),
        clientSecret: secret("Client secret."),
        scope: v.optional(text("Scope to ask for.")),
      }),
      v.description("OAuth client credentials instead of a token."),
    ),
  ),
  tierAs: v.optional(
    oneOf(["entitlements", "roles", "groups"], "Where the service keeps the tier of a user."),
    "entitlements",
  ),
  onPurge: v.optional(
    oneOf(["delete", "deactivate"], "What a purge does with the account: delete it, or set it inactive."),
    "delete",
  ),
  onDrift: v.optional(
    oneOf(["repair", "report"], "When someone changed a tier by hand in the target: mend it, or only report it."),
    "report",
  ),
});

/** For any other kind: nothing that it is picked for fits it. */
const anyKind = v.pipe(v.object({ kind: oneOf(["ledger", "scim"], "Kind of target.") }), v.never());

export const targetSchema = v.pipe(
  choose([ledger, scim], (input) => {
    if (hasKey(input, "kind")) {
      const { kind } = input as { kind: unknown };
      return kind === "ledger" ? ledger : kind === "scim" ? scim : anyKind;
    }
    return hasKey(input, "url") ? scim : ledger;
  }),
  v.description("The licence system: the embedded ledger, or a SCIM 2.0 service."),
);

const paid = block(
  {
    seats: whole(0, 10_000_000, "Seats bought."),
    warnBelow: v.optional(whole(0, 10_000_000, "Warn when fewer seats than this are free.")),
  },
  { purgeAfter: "belongs to a tier with `revokes: true`" },
);
const NO_SEATS = "a tier that revokes has no seats: name either seats or revokes";
const revoking = block(
  {
    revokes: v.pipe(
      v.literal(true, "must be true; leave it out for a tier with seats"),
      v.description("Takes the licence away."),
    ),
    purgeAfter: v.optional(
      duration(
        "How long after the revoke the event logs are deleted for good; 0s: at once. Leaving the group in time cancels it.",
      ),
      "24h",
    ),
  },
  { seats: NO_SEATS, warnBelow: NO_SEATS },
);
const neither = v.custom<never>(() => false, "needs seats: NUMBER, or revokes: true");

export const tiersSchema = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(
        /^\p{L}[\p{L}\p{N} ._-]{0,63}$/u,
        "a tier's name begins with a letter and has letters, digits, spaces, . _ and - only",
      ),
      v.check((name) => name.toLowerCase() !== "none", "`none` cannot be a tier's name"),
    ),
    choose([paid, revoking], (input) => {
      if (hasKey(input, "revokes")) return revoking;
      if (hasKey(input, "seats")) return paid;
      return typeof input === "object" && input !== null && Object.keys(input).length > 0 ? paid : neither;
    }),
  ),
  v.check((tiers) => Object.keys(tiers).length > 0, "needs at least one tier"),
  v.description(
    "The tiers in order of rank, lowest first: seats bought, or `revokes: true` for the one that takes licences.",
  ),
);

const brake = (what: string) => {
  const limits = block({
    count: v.optional(whole(0, 10_000_000, "Held when more than this many in 24 hours.")),
    percent: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0, "must be at least 0"),
        v.maxValue(100, "must be at most 100"),
        v.description("Held when more than this share of the accounts in 24 hours, from 3 people on."),
      ),
    ),
  });
  const off = v.literal(false, "must be false, or {count: …, percent: …}");
  return v.optional(
    v.pipe(
      choose([limits, off], (input) => (typeof input === "object" && input !== null ? limits : off)),
      v.description(`Brake on ${what}; false takes it off.`),
    ),
  );
};

export const guardSchema = v.pipe(
  block({
    revoke: brake("taking licences away"),
    purge: brake("deleting event logs for good"),
    change: brake("changes from tier to tier"),
    create: brake("creating accounts; not in the initial cycle"),
  }),
  v.description(
    "Brakes per kind of action: held for approval when EITHER number is exceeded, summed over the last 24 hours.",
  ),
);
