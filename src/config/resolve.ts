/** From what stands in tiersync.yaml to what the agent works with: defaults, inheritance, absolute paths. */
import { GUARDED_KINDS, type GuardedKind } from "../model/action.ts";
import type { Finding } from "../model/finding.ts";
import type { Tier } from "../model/tier.ts";
import { warningAt } from "../rules/findings.ts";
import { formatPath, type Path, type YamlSource } from "../rules/yaml-source.ts";
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
export const DEFAULT_GUARD: Readonly<Record<GuardedKind, { readonly count: number; readonly percent: number }>> = {
  revoke: { count: 25, percent: 10 },
  purge: { count: 25, percent: 10 },
  change: { count: 200, percent: 25 },
  create: { count: 500, percent: 50 },
};

const LEDGER: TargetConfig = { kind: "ledger" };
const SILENT: NotifyConfig = { email: null, digest: null, webhook: null, heartbeat: null };

/** `findings` receives warnings. */
export function resolveConfig(input: ConfigInput, source: YamlSource, home: string, findings: Finding[]): AgentConfig {
  const remarks: string[] = [];
  const secret = (text: string, path: Path, suggested: string): SecretRef => {
    const ref = parseSecretRef(text) ?? { kind: "plain", value: text };
    if (ref.kind === "plain") {
      remarks.push(`${formatPath(path)} is a plain secret in tiersync.yaml`);
      const how = `move it: tiersync secret set ${suggested}, then write secret:${suggested} here`;
      findings.push(warningAt(source.at(path), `is a secret in plain text; ${how}`));
    }
    return ref;
  };
  if (/^[^/]*\/\/[^/]*:[^/]*@/.test(input.proxy ?? "")) {
    remarks.push("proxy names a password in tiersync.yaml");
    findings.push(
      warningAt(source.at(["proxy"]), "names a password in plain text; better set HTTPS_PROXY for the agent's account"),
    );
  }
  const context: Context = { home, secret };
  const target = input.target === undefined ? LEDGER : resolveTarget(input.target, ["target"], context);
  const notify = input.notify === undefined ? SILENT : resolveNotify(input.notify, ["notify"], context);
  const tenants = input.tenants.map((tenant, i): TenantConfig => {
    const path = ["tenants", i];
    const guard = resolveGuard(tenant.guard, input.guard);
    remarks.push(
      ...brakesOff(guard).map((kind) => `tenant ${tenant.name}: the brake on ${kind} is off (guard.${kind}: false)`),
    );
    return {
      name: tenant.name,
      tenantId: tenant.tenantId,
      clientId: tenant.clientId,
      credential: resolveCredential(tenant, [...path, "credential"], context),
      parentGroup: resolveParent(tenant.parentGroup),
      cloud: resolveCloud(tenant.cloud),
      tiers: resolveTiers(tenant.tiers ?? input.tiers ?? {}),
      target: tenant.target === undefined ? target : resolveTarget(tenant.target, [...path, "target"], context),
      guard,
      notify: tenant.notify === undefined ? notify : resolveNotify(tenant.notify, [...path, "notify"], context),
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

interface Context {
  readonly home: string;
  readonly secret: (text: string, path: Path, suggested: string) => SecretRef;
}

const milliseconds = (text: string) => parseDuration(text) ?? 0;
const withoutSlash = (url: string) => url.trim().replace(/\/+$/, "");

function resolveCredential({ credential, name }: TenantInput, path: Path, { home, secret }: Context): CredentialConfig {
  if ("certificate" in credential) {
    return {
      kind: "certificate",
      path: resolvePath(home, credential.certificate),
      assertion: credential.assertion,
    };
  }
  return { kind: "secret", secret: secret(credential.clientSecret, [...path, "clientSecret"], name) };
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

function resolveTarget(input: NonNullable<ConfigInput["target"]>, path: Path, { secret }: Context): TargetConfig {
  if (input.kind === "ledger") return LEDGER;
  const { url, token, oauth, tierAs, onPurge, onDrift } = input;
  const auth: ScimAuth =
    oauth === undefined
      ? { kind: "token", token: secret(token ?? "", [...path, "token"], "scim-token") }
      : {
          kind: "oauth",
          tokenUrl: oauth.tokenUrl.trim(),
          clientId: oauth.clientId,
          clientSecret: secret(oauth.clientSecret, [...path, "oauth", "clientSecret"], "scim-oauth"),
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
export function brakesOff(guard: GuardConfig): readonly GuardedKind[] {
  return GUARDED_KINDS.filter((kind) => guard[kind] === null);
}

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

function resolveNotify(input: NonNullable<ConfigInput["notify"]>, path: Path, { secret }: Context): NotifyConfig {
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
                    password: secret(email.password ?? "", [...path, "email", "password"], "smtp-password"),
                  },
            from: email.from.trim(),
            to: email.to.map((address) => address.trim()),
            language: email.language,
          },
    digest: input.digest ?? null,
    webhook:
      webhook === undefined
        ? null
        : { url: webhook.url.trim(), secret: secret(webhook.secret, [...path, "webhook", "secret"], "webhook") },
    heartbeat: input.heartbeat?.trim() ?? null,
  };
}
