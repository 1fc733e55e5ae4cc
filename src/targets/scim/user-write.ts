/** From what the agent wants of an account to SCIM attributes (RFC 7643 §4.1) and PATCH operations (RFC 7644 §3.5.2). */
import type { Profile } from "../../model/directory.ts";
import type { TierName } from "../../model/tier.ts";
import { isRecord } from "./errors.ts";
import { valuePath } from "./filter.ts";
import { USER_SCHEMA, type UserSchema } from "./service.ts";
import { ianaZone } from "./time-zone.ts";
import { listOf, type Resource } from "./user-read.ts";

/** What is to be true of an account; what is absent stays as it is. */
export interface UserChange {
  readonly externalId?: string;
  readonly profile?: {
    readonly now: Profile;
    /** What the agent wrote last; null: nothing. */
    readonly before: Profile | null;
    readonly address: string;
  };
  /** Null: none. Never set where groups are the tiers. */
  readonly tier?: TierName | null;
  readonly active?: boolean;
}

export interface WriteContext {
  readonly schema: UserSchema;
  readonly tierAs: "entitlements" | "roles" | "groups";
  readonly tiers: readonly TierName[];
}

export interface PatchOperation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: unknown;
}

const PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export function patchBody(operations: readonly PatchOperation[]): unknown {
  return { schemas: [PATCH_SCHEMA], Operations: operations };
}

/** A new user. */
export function newUser(change: UserChange, context: WriteContext): Resource {
  return changedUser({ schemas: [USER_SCHEMA] }, { active: true, ...change }, context);
}

/** The user as it should be. Attributes that nothing is said of are the very same objects. */
export function changedUser(user: Resource, change: UserChange, context: WriteContext): Resource {
  const { schema, tierAs } = context;
  const next: Record<string, unknown> = { ...user };
  const set = (attribute: string, value: unknown): void => {
    if (!schema.writable(attribute)) return;
    if (value === undefined) delete next[attribute];
    else next[attribute] = value;
  };
  if (change.externalId !== undefined) set("externalId", change.externalId);
  if (change.active !== undefined) set("active", change.active);
  if (change.tier !== undefined && tierAs !== "groups") set(tierAs, withTier(user[tierAs], change.tier, context));
  if (change.profile !== undefined) {
    const { now, before, address } = change.profile;
    const text = (attribute: string, value: string | null, last: string | null): void => {
      // What the agent never wrote is somebody else's: unknown in the directory does not delete it.
      if (value !== null) set(attribute, value);
      else if (last !== null) set(attribute, undefined);
    };
    const zone = (profile: Profile | null): string | null => (profile?.timeZone ? ianaZone(profile.timeZone) : null);
    set("userName", now.userName ?? address);
    set("name", nameOf(user["name"], now, before, address, schema));
    text(
      "displayName",
      now.displayName ?? (schema.required("displayName") ? address : null),
      before?.displayName ?? null,
    );
    set("emails", withAddress(user["emails"], address, before?.address ?? null));
    text("preferredLanguage", now.language, before?.language ?? null);
    text("locale", now.language, before?.language ?? null);
    text("timezone", zone(now), zone(before));
  }
  return next;
}

/**
 * What leads from one to the other, attribute by attribute. To replace a complex attribute leaves the sub-attributes that are not named
 * (RFC 7644 §3.5.2.3), so those are named one by one.
 */
export function differences(from: Resource, to: Resource, within = ""): readonly PatchOperation[] {
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...names].flatMap((name): readonly PatchOperation[] => {
    const before = from[name];
    const value = to[name];
    const path = within + name;
    if (value === before || JSON.stringify(value) === JSON.stringify(before)) return [];
    if (within === "" && isRecord(before) && isRecord(value)) return differences(before, value, `${name}.`);
    const empty = value === undefined || (Array.isArray(value) && value.length === 0);
    return empty ? [{ op: "remove", path }] : [{ op: "replace", path, value }];
  });
}

/** The same change of tier without a look at the user: right when it holds `before` in its usual spelling, and no other tier. */
export function tierOperations(
  before: TierName | null,
  after: TierName | null,
  { tierAs, schema }: WriteContext,
): readonly PatchOperation[] {
  if (before === after) return [];
  const operations: PatchOperation[] = [];
  if (before !== null) operations.push({ op: "remove", path: valuePath(tierAs, before) });
  if (after !== null) operations.push({ op: "add", path: tierAs, value: [tierValue(after, tierAs, schema)] });
  return operations;
}

function tierValue(tier: TierName, tierAs: string, schema: UserSchema): unknown {
  return schema.plain(tierAs) ? tier : { value: tier };
}

/** The values of others stay, in their place. */
function withTier(attribute: unknown, tier: TierName | null, { tiers, tierAs, schema }: WriteContext): unknown {
  const ours = new Set(tiers.map((name) => name.toLowerCase()));
  const items = listOf(attribute);
  const textOf = (item: unknown): unknown => (isRecord(item) ? item["value"] : item);
  const isOurs = (item: unknown): boolean => {
    const value = textOf(item);
    return typeof value === "string" && ours.has(value.toLowerCase());
  };
  const own = items.filter(isOurs);
  if (tier === null && own.length === 0) return attribute;
  if (tier !== null && own.length === 1 && textOf(own[0]) === tier) return attribute;
  const foreign = items.filter((item) => !isOurs(item));
  return tier === null ? foreign : [...foreign, tierValue(tier, tierAs, schema)];
}

function nameOf(
  current: unknown,
  now: Profile,
  before: Profile | null,
  address: string,
  schema: UserSchema,
): Resource | undefined {
  const name: Record<string, unknown> = isRecord(current) ? { ...current } : {};
  const part = (key: string, value: string | null, last: string | null): void => {
    const given = value ?? (schema.required(`name.${key}`) ? (now.displayName ?? address) : null);
    if (given !== null) name[key] = given;
    else if (last !== null) delete name[key];
  };
  part("givenName", now.givenName, before?.givenName ?? null);
  part("familyName", now.surname, before?.surname ?? null);
  const shown = now.displayName ?? [now.givenName, now.surname].filter((text) => text !== null).join(" ");
  const formatted = typeof name["formatted"] === "string" || schema.required("name.formatted");
  if (formatted && shown !== "") name["formatted"] = shown;
  return Object.keys(name).length === 0 ? undefined : name;
}

/** The work address becomes `address`, and primary; the addresses of others stay, but none of them as primary. */
function withAddress(attribute: unknown, address: string, last: string | null): unknown {
  const same = (item: unknown, text: string | null): boolean => {
    const value = isRecord(item) ? item["value"] : item;
    return typeof value === "string" && text !== null && value.toLowerCase() === text.toLowerCase();
  };
  const emails = listOf(attribute).map((item): Resource => (isRecord(item) ? item : { value: item }));
  const main = emails.find((email) => same(email, address));
  if (main?.["primary"] === true && main["value"] === address && main["type"] === "work") {
    const stray = emails.some((email) => email !== main && (email["primary"] === true || same(email, last)));
    if (!stray) return attribute;
  }
  const others = emails.filter((email) => email !== main && !same(email, last) && email["type"] !== "work");
  return [
    { ...main, value: address, type: "work", primary: true },
    ...others.map((email) => (email["primary"] === true ? { ...email, primary: false } : email)),
  ];
}
