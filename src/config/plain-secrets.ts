/** Secrets that stand in tiersync.yaml themselves. Looks at the raw document, so that other findings do not hide these. */
import type { Finding } from "../model/finding.ts";
import { warningAt } from "../rules/findings.ts";
import { valueAt } from "../rules/shapes.ts";
import { formatPath, type Path, type YamlSource } from "../rules/yaml-source.ts";
import { parseSecretRef } from "./secrets.ts";

export interface PlainSecrets {
  readonly findings: readonly Finding[];
  /** The same for the status. */
  readonly remarks: readonly string[];
}

/** Where secrets may stand, at the top and in each tenant, and the name under which each would be kept. */
const PLACES: readonly { readonly path: Path; readonly kept: string }[] = [
  { path: ["target", "token"], kept: "scim-token" },
  { path: ["target", "oauth", "clientSecret"], kept: "scim-oauth" },
  { path: ["notify", "email", "password"], kept: "smtp-password" },
  { path: ["notify", "webhook", "secret"], kept: "webhook" },
];

export function plainSecrets(source: YamlSource): PlainSecrets {
  const found = secretsIn(source).filter(({ path }) => {
    const text = valueAt(source.data, path);
    return typeof text === "string" && parseSecretRef(text)?.kind === "plain";
  });
  const proxy = valueAt(source.data, ["proxy"]);
  const proxyPassword = typeof proxy === "string" && /^[^/]*\/\/[^/]*:[^/]*@/.test(proxy);
  return {
    findings: [
      ...found.map(({ path, kept }) => {
        const how = `move it: tiersync secret set ${kept}, then write secret:${kept} here`;
        return warningAt(source.at(path), `is a secret in plain text; ${how}`);
      }),
      ...(proxyPassword ? [warningAt(source.at(["proxy"]), PROXY)] : []),
    ],
    remarks: [
      ...found.map(({ path }) => `${formatPath(path)} is a plain secret in tiersync.yaml`),
      ...(proxyPassword ? ["proxy names a password in tiersync.yaml"] : []),
    ],
  };
}

const PROXY = "names a password in plain text; better set HTTPS_PROXY for the agent's account";

function secretsIn({ data }: YamlSource): { readonly path: Path; readonly kept: string }[] {
  const tenants = valueAt(data, ["tenants"]);
  const ofTenants = (Array.isArray(tenants) ? tenants : []).flatMap((tenant, i) => {
    const name = valueAt(tenant, ["name"]);
    const base = ["tenants", i];
    return [
      { path: [...base, "credential", "clientSecret"], kept: typeof name === "string" ? name : "NAME" },
      ...PLACES.map(({ path, kept }) => ({ path: [...base, ...path], kept })),
    ];
  });
  return [...PLACES, ...ofTenants];
}
