/** What the service can do, as it says itself (RFC 7643 §5 to §7). What it does not say is taken as the standard has it. */
import { AgentError } from "../../errors.ts";
import { isRecord } from "./errors.ts";
import type { ScimHttp } from "./http.ts";
import type { ScimOptions } from "./options.ts";

export const USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group";

/** Users asked for at a time where the service has no limit of its own, and at most. */
const PAGE = 200;
const LARGEST_PAGE = 1000;
/** Attributes of every resource (RFC 7643 §3.1): schemas need not list them. */
const COMMON = new Set(["id", "externalid", "meta", "schemas"]);

export interface Service {
  readonly patch: boolean;
  readonly filter: boolean;
  readonly etag: boolean;
  /** Null: not supported. */
  readonly bulk: { readonly operations: number; readonly bytes: number } | null;
  readonly pageSize: number;
  /** Endpoints, as in `/Users`. */
  readonly users: string;
  readonly groups: string;
  readonly user: UserSchema;
}

export interface UserSchema {
  /** Whether a user's attribute exists and can be written. */
  writable(attribute: string): boolean;
  /** `name.familyName` for a sub-attribute. */
  required(attribute: string): boolean;
  /** A multi-valued attribute of plain texts rather than of objects with a `value`. */
  plain(attribute: string): boolean;
}

/** Throws `ERR_CONFIG` when the service's users have no attribute for tiers, else as `ScimHttp.send`. */
export async function learnService(http: ScimHttp, options: ScimOptions, signal: AbortSignal): Promise<Service> {
  const [config, schemas, types] = await Promise.all([
    read(http, "/ServiceProviderConfig", "reading what the licence system supports", signal),
    read(http, "/Schemas", "reading the licence system's schemas", signal),
    read(http, "/ResourceTypes", "reading the licence system's resource types", signal),
  ]);
  const supports = (feature: string, otherwise: boolean): boolean => {
    const said = section(config, feature)?.["supported"];
    return typeof said === "boolean" ? said : otherwise;
  };
  const filter = section(config, "filter");
  const bulk = section(config, "bulk");
  const most = positive(filter?.["maxResults"]) ?? PAGE;
  const service: Service = {
    patch: supports("patch", true),
    filter: supports("filter", true),
    etag: supports("etag", false),
    bulk: supports("bulk", false)
      ? { operations: positive(bulk?.["maxOperations"]) ?? 100, bytes: positive(bulk?.["maxPayloadSize"]) ?? 1_000_000 }
      : null,
    pageSize: Math.min(most, LARGEST_PAGE),
    users: endpoint(types, USER_SCHEMA, "User", "/Users"),
    groups: endpoint(types, GROUP_SCHEMA, "Group", "/Groups"),
    user: userSchema(resources(schemas).find(({ id }) => id === USER_SCHEMA)),
  };
  const { tierAs } = options;
  if (tierAs !== "groups" && !service.user.writable(tierAs)) {
    throw new AgentError("ERR_CONFIG", `the users of ${options.url} have no attribute ${tierAs} that can be written`, {
      hint: "set `target.tierAs` in tiersync.yaml to where that system keeps the licence",
    });
  }
  return service;
}

type Json = Readonly<Record<string, unknown>>;

async function read(http: ScimHttp, path: string, what: string, signal: AbortSignal): Promise<Json | null> {
  try {
    const { status, body } = await http.send({ method: "GET", path, what }, signal);
    return status === 200 ? body : null;
  } catch (error) {
    // Some services hide these from those who only provision.
    if (error instanceof AgentError && error.facts["statusCode"] === 403) return null;
    throw error;
  }
}

function section(config: Json | null, name: string): Json | null {
  const value = config?.[name];
  return isRecord(value) ? value : null;
}

function positive(value: unknown): number | null {
  return typeof value === "number" && value >= 1 ? Math.floor(value) : null;
}

function resources(list: Json | null): readonly Json[] {
  const items = list?.["Resources"];
  return Array.isArray(items) ? items.filter(isRecord) : [];
}

function endpoint(types: Json | null, schema: string, name: string, otherwise: string): string {
  const type = resources(types).find((one) => one["schema"] === schema || one["name"] === name);
  const path = type?.["endpoint"];
  // A path below the base URL and nothing else: tokens go nowhere but there.
  return typeof path === "string" && /^\/?[\w.-]+(\/[\w.-]+)*$/.test(path) ? `/${path.replace(/^\//, "")}` : otherwise;
}

function userSchema(schema: Json | undefined): UserSchema {
  const known = new Map<string, Json>();
  const add = (prefix: string, attributes: unknown): void => {
    if (!Array.isArray(attributes)) return;
    for (const attribute of attributes.filter(isRecord)) {
      const name = `${prefix}${String(attribute["name"])}`.toLowerCase();
      known.set(name, attribute);
      add(`${name}.`, attribute["subAttributes"]);
    }
  };
  add("", schema?.["attributes"]);
  return {
    writable: (attribute) => {
      const name = attribute.toLowerCase();
      if (known.size === 0 || COMMON.has(name)) return true;
      const mutability = known.get(name)?.["mutability"] ?? "readWrite";
      return known.has(name) && mutability !== "readOnly";
    },
    required: (attribute) => known.get(attribute.toLowerCase())?.["required"] === true,
    plain: (attribute) => {
      const type = known.get(attribute.toLowerCase())?.["type"];
      return type !== undefined && type !== "complex";
    },
  };
}
