/**
 * Stands for the Azure CLI in a script's PATH: the few commands that the set-up script uses, over a tenant kept in the JSON file that
 * FAKE_AZ names. What it is not taught, it refuses. Run as a program; `FakeTenant` is the file's content.
 */
import { readFileSync, writeFileSync } from "node:fs";

export interface FakeTenant {
  readonly tenantId: string;
  readonly apps: { id: string; appId: string; name: string; audience: string; access: unknown; keys: string[] }[];
  readonly principals: { id: string; appId: string }[];
  readonly assignments: { principalId: string; resourceId: string; appRoleId: string }[];
  readonly groups: { id: string; name: string; nickname: string; members: string[] }[];
  /** Every command that changed something. */
  readonly changes: string[];
}

export const GRAPH_PRINCIPAL = "99999999-0000-4000-8000-000000000003";

export function fakeTenant(tenantId: string): FakeTenant {
  const principals = [{ id: GRAPH_PRINCIPAL, appId: "00000003-0000-0000-c000-000000000000" }];
  return { tenantId, apps: [], principals, assignments: [], groups: [], changes: [] };
}

if (import.meta.main) process.exitCode = run(Bun.argv.slice(2));

function run(argv: readonly string[]): number {
  const file = process.env["FAKE_AZ"] ?? "";
  const tenant: FakeTenant = JSON.parse(readFileSync(file, "utf8"));
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (!word.startsWith("--")) words.push(word);
    else if (word.includes("=")) options.set(word.slice(2, word.indexOf("=")), word.slice(word.indexOf("=") + 1));
    else if (word === "--append") options.set("append", "yes");
    else {
      options.set(word.slice(2), argv[index + 1] ?? "");
      index += 1;
    }
  }
  const option = (name: string): string => {
    const value = options.get(name);
    if (value === undefined) throw new Error(`--${name} is missing in: ${argv.join(" ")}`);
    return value;
  };
  const changed = (): void => void tenant.changes.push(words.join(" "));
  try {
    const lines = answer(tenant, words.join(" "), option, changed);
    writeFileSync(file, JSON.stringify(tenant));
    process.stdout.write(lines.map((line) => `${line}\r\n`).join(""));
    return 0;
  } catch (error) {
    process.stderr.write(`ERROR: ${String(error)}\n`);
    return 3;
  }
}

function answer(
  tenant: FakeTenant,
  command: string,
  option: (name: string) => string,
  changed: () => void,
): readonly string[] {
  const { apps, principals, groups } = tenant;
  const fresh = (): string => crypto.randomUUID();
  const expectQuery = (query: string): void => {
    if (option("query") !== query) throw new Error(`${command}: the query ${option("query")} is not taught`);
  };
  const filter = (property: string): string | null => {
    const found = /^(\w+) eq '((?:[^']|'')*)'$/.exec(option("filter"));
    if (found === null) throw new Error(`bad filter ${option("filter")}`);
    return found[1] === property ? (found[2] ?? "").replaceAll("''", "'").toLowerCase() : null;
  };
  const app = () => need(apps.find(({ appId }) => appId === option("id")));
  switch (command) {
    case "account show":
      expectQuery("tenantId");
      return [tenant.tenantId];
    case "ad app list":
      expectQuery("[].appId");
      return apps
        .filter(({ name, appId }) => name.toLowerCase() === filter("displayName") || appId === filter("appId"))
        .map(({ appId }) => appId);
    case "ad app create": {
      expectQuery("appId");
      changed();
      const made = { id: fresh(), appId: fresh(), name: option("display-name"), keys: [] };
      const access: unknown = JSON.parse(option("required-resource-accesses"));
      apps.push({ ...made, audience: option("sign-in-audience"), access });
      return [made.appId];
    }
    case "ad app update": {
      const access: unknown = JSON.parse(option("required-resource-accesses"));
      Object.assign(app(), { audience: option("sign-in-audience"), access });
      return [];
    }
    case "ad app show":
      expectQuery("id");
      return [app().id];
    case "ad app credential reset": {
      if (option("append") !== "yes") app().keys.length = 0;
      changed();
      const pem = readFileSync(option("cert").replace(/^@/, ""), "utf8");
      const body = /^-----BEGIN CERTIFICATE-----\n([\s\S]+)\n-----END CERTIFICATE-----\n$/.exec(pem)?.[1];
      app().keys.push(need(body).replace(/\s/g, ""));
      return [];
    }
    case "ad sp list":
      expectQuery("[].id");
      return principals.filter(({ appId }) => appId === filter("appId")).map(({ id }) => id);
    case "ad sp create": {
      expectQuery("id");
      changed();
      const made = { id: fresh(), appId: app().appId };
      principals.push(made);
      return [made.id];
    }
    case "ad group list":
      expectQuery("[].id");
      return groups.filter(({ name }) => name.toLowerCase() === filter("displayName")).map(({ id }) => id);
    case "ad group create": {
      expectQuery("id");
      changed();
      const made = { id: fresh(), name: option("display-name"), nickname: option("mail-nickname"), members: [] };
      if (!/^[\w-]{1,64}$/.test(made.nickname) || option("description") === "") throw new Error("bad group");
      groups.push(made);
      return [made.id];
    }
    case "ad group member list":
      expectQuery("[].id");
      return need(groups.find(({ id }) => id === option("group"))).members;
    case "ad group member add": {
      changed();
      const { members } = need(groups.find(({ id }) => id === option("group")));
      if (members.includes(option("member-id"))) throw new Error("already a member");
      members.push(option("member-id"));
      return [];
    }
    case "rest":
      return rest(tenant, option, changed);
    default:
      throw new Error(`not taught: az ${command}`);
  }
}

function rest(tenant: FakeTenant, option: (name: string) => string, changed: () => void): readonly string[] {
  const path = option("url").replace("https://graph.microsoft.com/v1.0", "");
  if (option("resource") !== "https://graph.microsoft.com") throw new Error(`wrong resource ${option("resource")}`);
  const keysOf = /^\/applications\/([\w-]+)\?\$select=keyCredentials$/.exec(path)?.[1];
  if (keysOf !== undefined && option("method") === "GET" && option("query") === "keyCredentials[].key") {
    return need(tenant.apps.find(({ id }) => id === keysOf)).keys;
  }
  const principal = /^\/servicePrincipals\/([\w-]+)\/appRoleAssignments$/.exec(path)?.[1];
  if (principal !== undefined && option("method") === "GET") {
    const resource = /^value\[\?resourceId=='([\w-]+)'\]\.appRoleId$/.exec(option("query"))?.[1];
    return tenant.assignments
      .filter(({ principalId, resourceId }) => principalId === principal && resourceId === resource)
      .map(({ appRoleId }) => appRoleId);
  }
  if (principal !== undefined && option("method") === "POST") {
    changed();
    tenant.assignments.push(JSON.parse(option("body")));
    return [];
  }
  throw new Error(`not taught: ${option("method")} ${path}`);
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not found");
  return value;
}
