/** What is wrong between values that are each right. Looks at the raw document, so that other findings do not hide these. */
import type { Finding } from "../model/finding.ts";
import { errorAt } from "../rules/findings.ts";
import { hasKey, valueAt } from "../rules/shapes.ts";
import { formatPath, type Path, type YamlSource } from "../rules/yaml-source.ts";

export function crossCheck(source: YamlSource): Finding[] {
  const { data } = source;
  const raw = valueAt(data, ["tenants"]);
  const tenants: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return [
    ...sameNames(tenants, source),
    ...sameTargets(data, tenants, source),
    ...withoutTiers(data, tenants, source),
    ...sameTiers(data, [], source),
    ...tenants.flatMap((tenant, i) => sameTiers(tenant, ["tenants", i], source)),
    ...[{ holder: data, base: [] as Path }, ...tenants.map((holder, i) => ({ holder, base: ["tenants", i] }))].flatMap(
      ({ holder, base }) => [...oneSignIn(holder, base, source), ...wholeLogin(holder, base, source)],
    ),
  ];
}

function sameNames(tenants: readonly unknown[], source: YamlSource): Finding[] {
  return repeats(
    tenants.map((tenant, i) => ({ key: lower(valueAt(tenant, ["name"])), path: ["tenants", i, "name"] })),
    (path, first) => errorAt(source.at(path), `is the name of ${formatPath(first.path.slice(0, -1))} too`),
  );
}

/** The ledger keeps tenants apart by itself; a SCIM service cannot. */
function sameTargets(data: unknown, tenants: readonly unknown[], source: YamlSource): Finding[] {
  const targets = tenants.map((tenant, i) => {
    const own = hasKey(tenant, "target");
    const url = valueAt(own ? tenant : data, ["target", "url"]);
    return { key: urlKey(url), path: own ? ["tenants", i, "target", "url"] : ["target", "url"], tenant: i };
  });
  return repeats(targets, (path, { tenant }) =>
    errorAt(
      source.at(path),
      `one SCIM target for several tenants (tenants[${tenant}] has it too): give each tenant a target of its own`,
    ),
  );
}

function withoutTiers(data: unknown, tenants: readonly unknown[], source: YamlSource): Finding[] {
  if (hasKey(data, "tiers")) return [];
  const lacking = tenants.flatMap((tenant, i) => (hasKey(tenant, "tiers") ? [] : [i]));
  const [first] = lacking;
  if (first === undefined) return [];
  const path: Path = lacking.length === tenants.length ? ["tiers"] : ["tenants", first, "tiers"];
  return [errorAt(source.at(path), "is missing: the tiers and how many seats of each were bought")];
}

function oneSignIn(holder: unknown, base: Path, source: YamlSource): Finding[] {
  const target = valueAt(holder, ["target"]);
  if (valueAt(target, ["kind"]) !== "scim" || hasKey(target, "token") !== hasKey(target, "oauth")) return [];
  const message = hasKey(target, "token")
    ? "name either token or oauth, not both"
    : "needs token: secret:NAME, or oauth: {tokenUrl, clientId, clientSecret}";
  return [errorAt(source.at([...base, "target"]), message)];
}

function wholeLogin(holder: unknown, base: Path, source: YamlSource): Finding[] {
  const email = valueAt(holder, ["notify", "email"]);
  if (hasKey(email, "user") === hasKey(email, "password")) return [];
  return [errorAt(source.at([...base, "notify", "email"]), "user and password go together")];
}

function sameTiers(holder: unknown, base: Path, source: YamlSource): Finding[] {
  const tiers = valueAt(holder, ["tiers"]);
  if (typeof tiers !== "object" || tiers === null) return [];
  return repeats(
    Object.keys(tiers).map((name) => ({ key: name.toLowerCase(), path: [...base, "tiers", name] })),
    (path, first) =>
      errorAt(source.atKey(path), `differs from ${String(first.path.at(-1))} in upper and lower case only`),
  );
}

function repeats<T extends { readonly key: string | null; readonly path: Path }>(
  items: readonly T[],
  report: (path: Path, first: T) => Finding,
): Finding[] {
  const seen = new Map<string, T>();
  return items.flatMap((item) => {
    if (item.key === null) return [];
    const first = seen.get(item.key);
    if (first === undefined) seen.set(item.key, item);
    return first === undefined ? [] : [report(item.path, first)];
  });
}

function lower(value: unknown): string | null {
  return typeof value === "string" ? value.toLowerCase() : null;
}

function urlKey(value: unknown): string | null {
  const url = typeof value === "string" ? URL.parse(value.trim()) : null;
  return url === null ? null : `${url.host}${url.pathname.replace(/\/+$/, "")}`;
}
