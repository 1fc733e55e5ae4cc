/** From what stands in tiersync.yaml to what the agent works with: defaults, inheritance, absolute paths. */
import { GUARDED_KINDS, type GuardedKind } from "../model/action.ts";
import type { Tier } from "../model/tier.ts";
import { CLOUDS } from "./clouds.ts";
import { parseDuration, parseSize } from "./durations.ts";
import { resolvePath } from "./paths.ts";
import type { ConfigInput, TenantInput } from "./schema.ts";
import { parseSecretRef, type SecretRef } from "./secrets.ts";
import type {
  AgentConfig,
  CredentialConfig,
  GuardConfig,
  NotifyConfig,
  ScimAuth,
  TargetConfig,
  TenantConfig,
} from "./types.ts";

/** Design defaults of the brakes. */
const DEFAULT_GUARD: Readonly<Record<GuardedKind, { readonly count: number; readonly percent: number }>> = {
  revoke: { count: 25, percent: 10 },
  purge: { count: 25, percent: 10 },
  change: { count: 200, percent: 25 },
  create: { count: 500, percent: 50 },
};

const LEDGER: TargetConfig = { kind: "ledger" };
const SILENT: NotifyConfig = { email: null, digest: null, webhook: null, heartbeat: null };

/** `said`: remarks on the file that there are already. */
export function resolveConfig(input: ConfigInput, home: string, said: readonly string[]): AgentConfig {
  const remarks = [...said];
  const target = input.target === undefined ? LEDGER : resolveTarget(input.target);
  const notify = input.notify === undefined ? SILENT : resolveNotify(input.notify);
  const tenants = input.tenants.map((tenant): TenantConfig => {
    const guard = resolveGuard(tenant.guard, input.guard);
    remarks.push(
      ...brakesOff(guard).map((kind) => `tenant ${tenant.name}: the brake on ${kind} is off (guard.${kind}: false)`),
    );
    return {
      name: tenant.name,
      tenantId: tenant.tenantId,
      clientId: tenant.clientId,
      credential: resolveCredential(tenant, home),
      parentGroup: resolveParent(tenant.parentGroup),
      cloud: resolveCloud(tenant.cloud),
      tiers: resolveTiers(tenant.tiers ?? input.tiers ?? {}),
      target: tenant.target === undefined ? target : resolveTarget(tenant.target),
      guard,
      notify: tenant.notify === undefined ? notify : resolveNotify(tenant.notify),
    };
  });
  const { schedule, fullSync, mailboxSettings, log, retention } = input;
  return {
    schedule,
    fullSync,
    timezone: input.timezone ?? null,
    mailboxSettings,
    tenants,
    tenantsInFile: tenants.map(({ name, tenantId }) => ({ name, tenantId })),
    network: {
      proxy: input.proxy?.trim() ?? null,
      caFile: input.caFile === undefined ? null : resolvePath(home, input.caFile),
    },
    log: { level: log.level, maxSize: parseSize(log.maxSize) ?? 0, maxFiles: log.maxFiles },
    retention: {
      cycles: milliseconds(retention.cycles),
      journal: milliseconds(retention.journal),
      outbox: milliseconds(retention.outbox),
    },
    status: { ...input.status, host: input.status.host.replaceAll(/[[\]]/g, "") },
    remarks,
  };
}

/** What is no reference is the secret itself. */
function secret(text: string): SecretRef {
  return parseSecretRef(text) ?? { kind: "plain", value: text };
}

const milliseconds = (text: string) => parseDuration(text) ?? 0;
const withoutSlash = (url: string) => url.trim().replace(/\/+$/, "");

function resolveCredential({ credential }: TenantInput, home: string): CredentialConfig {
  if ("certificate" in credential) {
    return {
      kind: "certificate",
      path: resolvePath(home, credential.certificate),
      assertion: credential.assertion,
    };
  }
  return { kind: "secret", secret: secret(credential.clientSecret) };
}

function resolveParent(input: TenantInput["parentGroup"]): TenantConfig["parentGroup"] {
  return typeof input === "string" ? { name: input.trim() } : { id: input.id.toLowerCase() };
}

function resolveCloud(input: TenantInput["cloud"]): TenantConfig["cloud"] {
  if (typeof input === "string") return CLOUDS[input];
  return { authority: withoutSlash(input.authority), graph: withoutSlash(input.graph).replace(/\/v1\.0$/, "") };
}

function resolveTiers(input: NonNullable<ConfigInput["tiers"]>): Tier[] {
  return Object.entries(input).map(
    ([name, tier]): Tier =>
      "seats" in tier
        ? { kind: "paid", name, seats: tier.seats, warnBelow: tier.warnBelow ?? null }
        : { kind: "revoking", name, purgeAfter: milliseconds(tier.purgeAfter) },
  );
}

function resolveTarget(input: NonNullable<ConfigInput["target"]>): TargetConfig {
  if (input.kind === "ledger") return LEDGER;
  const { url, token, oauth, tierAs, onPurge, onDrift } = input;
  const auth: ScimAuth =
    oauth === undefined
      ? { kind: "token", token: secret(token ?? "") }
      : {
          kind: "oauth",
          tokenUrl: oauth.tokenUrl.trim(),
          clientId: oauth.clientId,
          clientSecret: secret(oauth.clientSecret),
          scope: oauth.scope ?? null,
        };
  return { kind: "scim", url: withoutSlash(url), auth, tierAs, onPurge, onDrift };
}

/** A number left out is the next outer one's: tenant, top level, default. */
function resolveGuard(own: TenantInput["guard"], top: ConfigInput["guard"]): GuardConfig {
  const limit = (kind: GuardedKind) => {
    const outer = top?.[kind];
    const inner = own?.[kind] ?? outer;
    if (inner === false) return null;
    const base = { ...DEFAULT_GUARD[kind], ...(outer === false ? {} : given(outer)) };
    return { ...base, ...given(inner) };
  };
  return { revoke: limit("revoke"), purge: limit("purge"), change: limit("change"), create: limit("create") };
}

interface Limits {
  readonly count?: number | undefined;
  readonly percent?: number | undefined;
}

function given(limits: Limits | undefined): { count?: number; percent?: number } {
  return {
    ...(limits?.count === undefined ? {} : { count: limits.count }),
    ...(limits?.percent === undefined ? {} : { percent: limits.percent }),
  };
}

/** Kinds of action that nothing brakes. */
function brakesOff(guard: GuardConfig): readonly GuardedKind[] {
  return GUARDED_KINDS.filter((kind) => guard[kind] === null);
}

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

function resolveNotify(input: NonNullable<ConfigInput["notify"]>): NotifyConfig {
  const { email, webhook } = input;
  return {
    email:
      email === undefined
        ? null
        : {
            host: email.host.trim(),
            port: email.port ?? PORTS[email.security],
            security: email.security,
            login:
              email.user === undefined
                ? null
                : {
                    user: email.user,
                    password: secret(email.password ?? ""),
                  },
            from: email.from.trim(),
            to: email.to.map((address) => address.trim()),
            language: email.language,
          },
    digest: input.digest ?? null,
    webhook: webhook === undefined ? null : { url: webhook.url.trim(), secret: secret(webhook.secret) },
    heartbeat: input.heartbeat?.trim() ?? null,
  };
}
