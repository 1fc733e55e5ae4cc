/** Can every secret that tiersync.yaml refers to be read? */
import { join } from "node:path";
import { formatSecretRef, resolveSecret, type SecretRef } from "../../config/secrets.ts";
import type { TenantConfig } from "../../config/types.ts";
import type { CheckResult } from "../../model/views.ts";
import { readProtectedText } from "../../platform/protect.ts";
import { failed, ok, warn } from "./result.ts";

export interface SecretPlace {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface NamedSecret {
  readonly id: string;
  readonly ref: SecretRef;
}

/** One line for each reference; values are read and thrown away. */
export async function checkSecrets(tenant: TenantConfig, place: SecretPlace): Promise<CheckResult[]> {
  const results = await Promise.all(secretsOf(tenant).map((secret) => checkOne(tenant.name, secret, place)));
  return results.flat();
}

function secretsOf({ credential, target, notify }: TenantConfig): NamedSecret[] {
  const login = notify.email?.login ?? null;
  return [
    ...(credential.kind === "secret" ? [{ id: "secret.credential", ref: credential.secret }] : []),
    ...(target.kind === "scim"
      ? [{ id: "secret.target", ref: target.auth.kind === "token" ? target.auth.token : target.auth.clientSecret }]
      : []),
    ...(login === null ? [] : [{ id: "secret.email", ref: login.password }]),
    ...(notify.webhook === null ? [] : [{ id: "secret.webhook", ref: notify.webhook.secret }]),
  ];
}

async function checkOne(tenant: string, { id, ref }: NamedSecret, { home, env }: SecretPlace): Promise<CheckResult[]> {
  const warnings: CheckResult[] = [];
  try {
    await resolveSecret(ref, {
      home,
      env,
      openSecret: (name) => readProtectedText(join(home, "keys", `${name}.secret`)),
      warn: (message) => warnings.push(warn(id, tenant, message, "set it again without them")),
    });
    return [...warnings, ok(id, tenant, `${formatSecretRef(ref)} can be read`)];
  } catch (error) {
    return [failed(id, tenant, error)];
  }
}
