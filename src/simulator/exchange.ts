/** One authenticated Graph request, as the handlers see it, and what they may ask of it. */
import type { Caller } from "./access-tokens.ts";
import type { ObjectKind } from "./directory-objects.ts";
import { type Fault, faultOf } from "./faults.ts";
import { denied } from "./graph-error.ts";
import type { SimulatedTenant } from "./tenant.ts";

export interface PageSizes {
  /** Objects a page of a delta; Graph's is not documented. */
  readonly delta: number;
  /** Members in one slice of `members@delta`. */
  readonly memberSlice: number;
}

export interface Exchange {
  readonly caller: Caller;
  readonly tenant: SimulatedTenant;
  readonly url: URL;
  /** Origin that links are written with. */
  readonly origin: string;
  readonly headers: Headers;
  readonly faults: readonly Fault[];
  readonly pageSizes: PageSizes;
}

const READERS: Readonly<Record<ObjectKind, readonly string[]>> = {
  user: ["User.Read.All", "Directory.Read.All"],
  group: ["Group.Read.All", "GroupMember.Read.All", "Directory.Read.All"],
  device: ["Device.Read.All", "Directory.Read.All"],
  orgContact: ["OrgContact.Read.All", "Directory.Read.All"],
};

export function hasRole(exchange: Exchange, ...anyOf: readonly string[]): boolean {
  return anyOf.some((role) => exchange.caller.roles.has(role));
}

/** Throws 403 when none of the roles was granted. */
export function requireRole(exchange: Exchange, ...anyOf: readonly string[]): void {
  if (!hasRole(exchange, ...anyOf)) throw denied();
}

/** Whether objects of the kind come with their properties; if not, with type and id only. */
export function mayRead(exchange: Exchange, kind: ObjectKind): boolean {
  if (kind === "user" && faultOf(exchange.faults, "nullProperties")) return false;
  return hasRole(exchange, ...READERS[kind]);
}

export function isEventual(exchange: Exchange): boolean {
  return exchange.headers.get("ConsistencyLevel")?.toLowerCase() === "eventual";
}

/** Name and value of the metadata link, as Graph writes it first in each body. */
export function contextOf(exchange: Exchange, what: string, select: readonly string[] | null, suffix = ""): string {
  const fields = select ? `(${select.join(",")})` : "";
  return `"@odata.context":${JSON.stringify(`${exchange.origin}/v1.0/$metadata#${what}${fields}${suffix}`)}`;
}
