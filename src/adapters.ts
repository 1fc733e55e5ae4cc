/** Builds one tenant's adapters from its configuration; part of the composition root. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRotation, type NextCertificateFile } from "./config/certificate-rotation.ts";
import { resolveSecret, type SecretRef } from "./config/secrets.ts";
import type {
  AgentConfig,
  CredentialConfig,
  NotifyConfig,
  ScimAuth,
  ScimConfig,
  TenantConfig,
} from "./config/types.ts";
import { CONTESTED } from "./cycle/evaluate-people.ts";
import { settleLost } from "./cycle/lost-answers.ts";
import { contestedNotice } from "./cycle/notices.ts";
import type { Clock, LicenceTarget } from "./cycle/ports.ts";
import type { TenantStore } from "./cycle/store-ports.ts";
import { readCertificate } from "./entra/certificate.ts";
import type { Credential } from "./entra/options.ts";
import { createEntraProbe, type EntraProbe } from "./entra/probe.ts";
import { createEntraSource, type EntraSource } from "./entra/source.ts";
import { AgentError } from "./errors.ts";
import { childLogger } from "./log.ts";
import { daysLeft } from "./model/days.ts";
import { displayNameOf } from "./model/directory.ts";
import type { Drift } from "./model/remote-account.ts";
import type { CredentialView } from "./model/views.ts";
import type { MailOptions } from "./notify/mail.ts";
import { createNotifier, type Notifier } from "./notify/notifier.ts";
import { createFetch } from "./platform/fetch.ts";
import type { Logging } from "./platform/logging.ts";
import { readProtectedText } from "./platform/protect.ts";
import { createLedger } from "./targets/ledger.ts";
import type { ScimOptions } from "./targets/scim/options.ts";
import { probeScim, type ScimProbe } from "./targets/scim/probe.ts";
import { createScimTarget } from "./targets/scim/target.ts";

export interface AdapterOptions {
  /** Absolute. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logging: Logging;
  readonly clock: Clock;
  /** Whether a next certificate that Entra accepts replaces the present one. */
  readonly switchesCertificates: boolean;
}

export interface TenantAdapters {
  readonly source: EntraSource;
  readonly probe: EntraProbe;
  readonly target: LicenceTarget;
  /** Asks a remote licence system as a cycle would, and changes nothing; null: there is none to ask. */
  readonly probeTarget: (signal: AbortSignal) => Promise<ScimProbe | null>;
  readonly notifier: Notifier;
}

export interface AdapterFactory {
  /** The same adapters as before as long as what they are built from is the same: they cache tokens and connections. */
  of(tenant: TenantConfig, config: AgentConfig, store: TenantStore): TenantAdapters;
}

export function createAdapters(options: AdapterOptions): AdapterFactory {
  const built = new Map<string, unknown>();
  /** One adapter of a kind for a tenant, built anew when `from` changes, or the store that it works on. */
  const keep = <T>(kind: string, tenant: string, from: unknown, store: TenantStore | null, build: () => T): T => {
    const name = `${kind} ${tenant}`;
    const key = JSON.stringify(from);
    const known = built.get(name) as { key: string; store: TenantStore | null; adapter: T } | undefined;
    if (known?.key === key && known.store === store) return known.adapter;
    const adapter = build();
    built.set(name, { key, store, adapter });
    return adapter;
  };
  const { home, env, logging, clock } = options;
  const secret = (ref: SecretRef) => (): Promise<string> =>
    resolveSecret(ref, {
      home,
      env,
      openSecret: (name) => readProtectedText(join(home, "keys", `${name}.secret`)),
      warn: (message) => logging.logger("config").warn(message),
    });
  const rotation = createRotation(logging.logger("entra"), options.switchesCertificates);
  const entra = (tenant: TenantConfig, { network, tenants }: AgentConfig): Pick<TenantAdapters, "source" | "probe"> => {
    const { name, tenantId, clientId, credential, cloud } = tenant;
    const sharing = sharingCertificate(credential, tenants);
    return keep("entra", name, [tenantId, clientId, credential, cloud, network, sharing], null, () => {
      const logger = childLogger(logging.logger("entra"), { tenant: name });
      const entraOptions = {
        tenantId,
        clientId,
        credential: credentialOf(credential, secret, (path) => rotation.of(name, path, sharing)),
        cloud,
        fetch: createFetch({ ...network, logger }),
        clock,
        logger,
      };
      return { source: createEntraSource(entraOptions), probe: createEntraProbe(entraOptions) };
    });
  };
  const notifier = ({ name, notify }: TenantConfig, { network, timezone }: AgentConfig, store: TenantStore): Notifier =>
    keep("notify", name, [notify, network, timezone], store, () => {
      const logger = childLogger(logging.logger("notify"), { tenant: name });
      return createNotifier({
        tenant: name,
        queue: store.outbox,
        email: mailOptions(notify, network, secret),
        webhook: notify.webhook === null ? null : { url: notify.webhook.url, secret: secret(notify.webhook.secret) },
        heartbeat: notify.heartbeat,
        digest: notify.digest,
        timezone,
        fetch: createFetch({ ...network, logger, secretPath: true }),
        clock,
        logger,
      });
    });
  const scim = (
    to: ScimConfig,
    { name, tiers }: TenantConfig,
    { network }: AgentConfig,
    store: TenantStore,
  ): ScimOptions => {
    const { url, tierAs, onPurge, onDrift } = to;
    const logger = childLogger(logging.logger("target"), { tenant: name });
    return {
      ...{ url, tierAs, onPurge, onDrift },
      auth: scimAuth(to.auth, secret),
      tiers: tiers.flatMap((tier) => (tier.kind === "paid" ? [tier.name] : [])),
      fetch: createFetch({ ...network, logger }),
      clock,
      logger,
      ...{ accounts: store.accounts, remote: store.remote, transaction: store.transaction },
      settled: (found) => settleLost(store, found),
      drift: onDrift === "repair" ? (drift) => noteDrift(store, drift, clock.now()) : () => undefined,
    };
  };
  const target = (tenant: TenantConfig, config: AgentConfig, store: TenantStore): LicenceTarget => {
    const { name, target: to, tiers } = tenant;
    return keep("target", name, [to, tiers, config.network], store, () =>
      to.kind === "ledger" ? createLedger(store) : createScimTarget(scim(to, tenant, config, store)),
    );
  };
  return {
    of: (tenant, config, store) => ({
      ...entra(tenant, config),
      target: target(tenant, config, store),
      probeTarget: async (signal) => {
        const to = tenant.target;
        return to.kind === "ledger" ? null : await probeScim(scim(to, tenant, config, store), signal);
      },
      notifier: notifier(tenant, config, store),
    }),
  };
}

type OpenSecret = (ref: SecretRef) => () => Promise<string>;

function mailOptions({ email }: NotifyConfig, network: AgentConfig["network"], secret: OpenSecret): MailOptions | null {
  if (email === null) return null;
  const { host, port, security, login, from, to, language } = email;
  return {
    host,
    port,
    security,
    login: login === null ? null : { user: login.user, password: secret(login.password) },
    from,
    to,
    language,
    ca: network.caFile === null ? null : readFileSync(network.caFile, "utf8"),
    proxy: network.proxy,
  };
}

/** Names of the tenants that sign with the same key file. */
function sharingCertificate(credential: CredentialConfig, tenants: readonly TenantConfig[]): readonly string[] {
  if (credential.kind !== "certificate") return [];
  const { path } = credential;
  return tenants.flatMap(({ name, credential: of }) => (of.kind === "certificate" && of.path === path ? [name] : []));
}

/** The third change back in a row: people are told. Of a tier given by the rules the agent mends no further one. */
function noteDrift(store: TenantStore, { user, expected, found }: Drift, now: number): void {
  const times = store.contests.note(user, expected, now);
  if (times !== CONTESTED) return;
  const known = store.people.person(user);
  const displayName = displayNameOf(known?.properties);
  const person = { id: user, address: known?.account?.address ?? null, displayName };
  store.outbox.add([contestedNotice({ person, wanted: expected, found, times }, now)], now);
}

function scimAuth(auth: ScimAuth, secret: OpenSecret): ScimOptions["auth"] {
  if (auth.kind === "token") return { kind: "token", read: secret(auth.token) };
  const { tokenUrl, clientId, clientSecret, scope } = auth;
  return { kind: "oauth", tokenUrl, clientId, readSecret: secret(clientSecret), scope };
}

function credentialOf(
  config: CredentialConfig,
  secret: OpenSecret,
  next: (path: string) => NextCertificateFile,
): Credential {
  if (config.kind === "secret") return { kind: "secret", read: secret(config.secret) };
  const { path, assertion } = config;
  return { kind: "certificate", read: async () => readProtectedText(path), algorithm: assertion, next: next(path) };
}

/** Null when the certificate cannot be read now: the next cycle says why. */
export function credentialView(config: CredentialConfig, now: number): CredentialView | null {
  if (config.kind === "secret") return { kind: "secret", thumbprint: null, expiresAt: null, daysLeft: null };
  try {
    const { sha1, expiresAt } = readCertificate(readProtectedText(config.path));
    return {
      kind: "certificate",
      thumbprint: sha1,
      expiresAt: new Date(expiresAt).toISOString(),
      daysLeft: daysLeft(expiresAt, now),
    };
  } catch (error) {
    if (error instanceof AgentError) return null;
    throw error;
  }
}
