/** The shape of tiersync.yaml. The descriptions are what editors show. */
import * as v from "valibot";
import { DAY } from "../model/days.ts";
import { GUID } from "../model/directory.ts";
import { block, choose, hasKey } from "../rules/shapes.ts";
import { CLOUD_NAMES } from "./clouds.ts";
import {
  address,
  anyUrl,
  cron,
  duration,
  flag,
  oneOf,
  secret,
  secureUrl,
  server,
  size,
  text,
  timezone,
  whole,
} from "./fields.ts";
import { isTenantId, TENANT_NAME, TENANT_NAME_RULE } from "./patterns.ts";
import { guardSchema, targetSchema, tiersSchema } from "./schema-target.ts";

const guid = (description: string) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.regex(GUID, "must be a GUID such as aaaaaaaa-0000-4000-8000-000000000001"),
    v.description(description),
  );

const SHARED = ["common", "organizations", "consumers"];

const tenantId = v.pipe(
  v.string(),
  v.trim(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || isTenantId(dataset.value)) return;
    const shared = SHARED.includes(dataset.value.toLowerCase());
    addIssue({
      message: shared
        ? `"${dataset.value}" is no tenant: the agent signs in to one directory; name its GUID or a verified domain`
        : "must be the directory (tenant) id: a GUID, or a verified domain such as contoso.com",
    });
  }),
  v.description("Directory (tenant) id: a GUID, or a verified domain."),
);

const ONE_CREDENTIAL = "name either certificate or clientSecret, not both";
const certificate = block(
  {
    certificate: text("PEM file with private key and certificate, as `tiersync cert new` writes it."),
    assertion: v.optional(
      oneOf(["PS256", "RS256"], "How the assertion is signed. RS256 sends x5t (SHA-1), for old set-ups."),
      "PS256",
    ),
  },
  { clientSecret: ONE_CREDENTIAL },
);
const clientSecret = block(
  { clientSecret: secret("Client secret of the app registration; a certificate is safer.") },
  { certificate: ONE_CREDENTIAL, assertion: "belongs to a certificate" },
);
const noCredential = v.custom<never>(() => false, "needs certificate: FILE, or clientSecret: env:NAME");
const credential = v.pipe(
  choose([certificate, clientSecret], (input) => {
    if (hasKey(input, "certificate")) return certificate;
    if (hasKey(input, "clientSecret")) return clientSecret;
    const guess = typeof input === "object" && input !== null && Object.keys(input).length > 0;
    return guess ? certificate : noCredential;
  }),
  v.description("How the agent signs in: a certificate (recommended), or a client secret."),
);

const groupName = text("Name of the group.");
const groupById = block({ id: guid("Object id of the group.") });
const parentGroup = v.pipe(
  choose([groupName, groupById], (input) => (typeof input === "object" && input !== null ? groupById : groupName)),
  v.description("The group whose member groups give the tiers: its name, or {id: GUID}."),
);

const cloudName = v.picklist(CLOUD_NAMES);
const cloudUrls = block({
  authority: secureUrl("Base URL of the sign-in service. Plain http only on a loopback address."),
  graph: secureUrl("Base URL of Microsoft Graph, without /v1.0. Plain http only on a loopback address."),
});
const cloud = v.pipe(
  choose([cloudName, cloudUrls], (input) => (typeof input === "object" && input !== null ? cloudUrls : cloudName)),
  v.description("global, usgov, dod or china; or {authority: URL, graph: URL}."),
);

const email = v.pipe(
  block({
    host: server("SMTP server: its name alone, without scheme and port."),
    port: v.optional(whole(1, 65535, "Default: 587; with `security: tls` 465, with `none` 25.")),
    security: v.optional(
      oneOf(["starttls", "tls", "none"], "starttls is required of the server; none sends in clear."),
      "starttls",
    ),
    user: v.optional(text("User name at the server.")),
    password: v.optional(secret("Password at the server.")),
    from: address("Sender."),
    to: v.pipe(
      v.array(address("A recipient.")),
      v.minLength(1, "needs at least one address"),
      v.description("The account administrators."),
    ),
    language: v.optional(oneOf(["en", "fr"], "Language of the e-mails."), "en"),
  }),
  v.description("E-mail to the account administrators."),
);

const notify = v.pipe(
  block({
    email: v.optional(email),
    digest: v.optional(oneOf(["daily"], "daily: one e-mail a day instead of one per event.")),
    webhook: v.optional(
      v.pipe(
        block({
          url: secureUrl("Where events are posted as JSON, signed as Standard Webhooks says."),
          secret: secret("Signing secret."),
        }),
        v.description("The same events as signed JSON, for chat and ticket systems."),
      ),
    ),
    heartbeat: v.optional(anyUrl("Pinged after each good cycle: silence is an alarm.")),
  }),
  v.description("Who is told, and how."),
);

/** What a tenant may have of its own; at the top level the default of every tenant. */
const shared = {
  tiers: v.optional(tiersSchema),
  target: v.optional(targetSchema),
  guard: v.optional(guardSchema),
  notify: v.optional(notify),
};

const tenant = block({
  name: v.pipe(
    v.string(),
    v.regex(TENANT_NAME, `must be ${TENANT_NAME_RULE}`),
    v.description("Name of the tenant in logs, API and rules: letters, digits, - and _."),
  ),
  tenantId,
  clientId: guid("Application (client) id of the app registration."),
  credential,
  parentGroup: v.optional(parentGroup, "SecureExchanges_Licences"),
  cloud: v.optional(cloud, "global"),
  ...shared,
});

const day = (description: string, fallback: string) => v.optional(duration(description, DAY), fallback);

export const configSchema = v.pipe(
  block({
    schedule: v.optional(
      cron("When to synchronise: cron pattern (croner). Never two cycles of a tenant at once."),
      "*/5 * * * *",
    ),
    fullSync: v.optional(cron("When to read everything again, which heals anything missed."), "30 3 * * *"),
    timezone: v.optional(timezone("Time zone of `schedule` and `fullSync`; left out: the computer's own.")),
    mailboxSettings: v.optional(
      flag("Read language, time zone and kind of mailbox of each new person. false: never asked for."),
      true,
    ),
    tenants: v.pipe(
      v.array(tenant),
      v.minLength(1, "needs at least one tenant"),
      v.description("The Entra tenants to synchronise."),
    ),
    proxy: v.optional(anyUrl("Proxy for every call that leaves this computer; left out: HTTPS_PROXY and NO_PROXY.")),
    caFile: v.optional(text("PEM file with root certificates to trust beside the usual ones, for every call.")),
    log: v.optional(
      v.pipe(
        block({
          level: v.optional(oneOf(["debug", "info", "warn", "error"], "Least level that is written."), "info"),
          maxSize: v.optional(size(1024, "Size at which the file is rotated, such as 20MB."), "20MB"),
          maxFiles: v.optional(whole(1, 1000, "Files kept, the current one included."), 10),
        }),
        v.description("logs/tiersync.log"),
      ),
      {},
    ),
    retention: v.optional(
      v.pipe(
        block({
          cycles: day("How long the history of cycles is kept.", "90d"),
          journal: day("How long the journal and event log of actions is kept.", "730d"),
          outbox: day("How long sent and abandoned messages are kept.", "30d"),
        }),
        v.description("How long history is kept, such as 90d; at least 1d."),
      ),
      {},
    ),
    ...shared,
    status: v.optional(
      v.pipe(
        block({
          host: v.optional(
            v.pipe(
              v.string(),
              // The API listens on all three whichever is named, and on no other: commands look for it at 127.0.0.1.
              v.regex(
                /^(localhost|127\.0\.0\.1|\[?::1\]?)$/i,
                "must be a loopback address: 127.0.0.1, ::1 or localhost",
              ),
              v.description("Loopback only: 127.0.0.1, ::1 or localhost."),
            ),
            "127.0.0.1",
          ),
          port: v.optional(whole(0, 65535, "0: any free port."), 8321),
          protectReads: v.optional(flag("true: reading asks for the token too."), false),
        }),
        v.description("The status API on this computer."),
      ),
      {},
    ),
  }),
  v.title("tiersync configuration"),
  v.description("What tiersync synchronises, with what, and how carefully."),
);

export type ConfigInput = v.InferOutput<typeof configSchema>;
export type TenantInput = ConfigInput["tenants"][number];
