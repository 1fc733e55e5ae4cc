/** From a SCIM user (RFC 7643 §4.1) to what the copy keeps of it. */
import { GUID } from "../../model/directory.ts";
import type { SeenAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import { isRecord } from "./errors.ts";

export type Resource = Readonly<Record<string, unknown>>;

/** The query that asks for no more of a user than is read here. */
export function selectUsers(tierAs: "entitlements" | "roles" | "groups"): string {
  const attributes = ["externalId", "userName", "emails", "active", "meta", ...(tierAs === "groups" ? [] : [tierAs])];
  return `attributes=${attributes.join(",")}`;
}

/** Null for something without an id. `tiersOf`: where the tiers are not in the user itself. */
export function readUser(
  resource: Resource,
  tierAs: "entitlements" | "roles" | "groups",
  tiers: readonly TierName[],
  tiersOf: (remoteId: string) => readonly TierName[] = () => [],
): SeenAccount | null {
  const { id, externalId, userName, active, meta } = resource;
  if (typeof id !== "string" || id === "") return null;
  const values = tierAs === "groups" ? tiersOf(id) : valuesOf(resource[tierAs]);
  const spelled = new Map(values.map((value) => [value.toLowerCase(), value]));
  const held = tiers.filter((tier) => spelled.has(tier.toLowerCase())).reverse();
  const version = isRecord(meta) && typeof meta["version"] === "string" ? meta["version"] : null;
  return {
    remoteId: id,
    version,
    externalId: typeof externalId === "string" && externalId !== "" ? canonicalId(externalId) : null,
    userName: typeof userName === "string" && userName !== "" ? userName : id,
    emails: emailsOf(resource["emails"]),
    tiers: held,
    active: active !== false,
    irregular: held.some((tier) => spelled.get(tier.toLowerCase()) !== tier),
  };
}

/** The values of a multi-valued attribute, whether of plain texts or of objects. */
export function valuesOf(attribute: unknown): readonly string[] {
  return listOf(attribute).flatMap((item) => {
    const value = isRecord(item) ? item["value"] : item;
    return typeof value === "string" ? [value] : [];
  });
}

export function listOf(attribute: unknown): readonly unknown[] {
  if (attribute === undefined || attribute === null) return [];
  return Array.isArray(attribute) ? attribute : [attribute];
}

/** A GUID as Graph writes it; anything else as it is. */
export function canonicalId(externalId: string): string {
  return GUID.test(externalId) ? externalId.toLowerCase() : externalId;
}

export function isObjectId(externalId: string | null): externalId is string {
  return externalId !== null && GUID.test(externalId);
}

function emailsOf(attribute: unknown): readonly string[] {
  const emails = listOf(attribute).map((item) => (isRecord(item) ? item : { value: item }));
  const rank = (email: Resource): number => (email["primary"] === true ? 0 : email["type"] === "work" ? 1 : 2);
  return [...emails]
    .sort((left, right) => rank(left) - rank(right))
    .flatMap(({ value }) => (typeof value === "string" && value.trim() !== "" ? [value] : []));
}
