/** What Graph says about users and groups, taken apart. A half-empty answer is an error here, never a person without properties. */
import type { DirectoryMember } from "../cycle/ports.ts";
import type { AgentError } from "../errors.ts";
import type { DirectoryGroup, DirectoryUser, ObjectId } from "../model/directory.ts";
import { isRecord } from "./entra-errors.ts";
import { incomplete, RIGHTS_HINT } from "./graph-errors.ts";

const TYPE_PREFIX = "#microsoft.graph.";

export type EntryKind = "user" | "group" | "other";

/** By `@odata.type`; null when it is missing. */
export function kindOf(entry: Readonly<Record<string, unknown>>): EntryKind | null {
  const type = entry["@odata.type"];
  if (typeof type !== "string" || !type.startsWith(TYPE_PREFIX)) return null;
  const name = type.slice(TYPE_PREFIX.length);
  return name === "user" || name === "group" ? name : "other";
}

export function idOf(entry: unknown, what: string): ObjectId {
  const id = isRecord(entry) ? entry["id"] : undefined;
  if (typeof id !== "string" || id === "") throw incomplete(what, "an entry without an id");
  return id;
}

/** Whether a change says that its user or group was deleted. */
export function isRemoval(entry: unknown): boolean {
  return isRecord(entry) && isRecord(entry["@removed"]);
}

/** One item of a group's member list. */
export function parseMember(entry: unknown, properties: readonly string[], what: string): DirectoryMember {
  const id = idOf(entry, what);
  const record = entry as Readonly<Record<string, unknown>>;
  switch (kindOf(record)) {
    case "user":
      return { kind: "user", user: parseUser(record, properties, what) };
    case "group":
      return { kind: "group", group: parseGroup(record, what) };
    case "other":
      return { kind: "other", id };
    case null:
      throw incomplete(what, `member ${id} came without its type`);
  }
}

/**
 * A user that was asked for with all of `properties`: what the answer leaves out is null. A user of whom nothing but the id came is what
 * Graph gives an app without the right to read users ("limited information"), so that is an error.
 */
export function parseUser(entry: unknown, properties: readonly string[], what: string): DirectoryUser {
  const id = idOf(entry, what);
  const record = entry as Readonly<Record<string, unknown>>;
  const selected: Record<string, unknown> = {};
  let any = false;
  for (const name of properties) {
    selected[name] = record[name] ?? null;
    if (name !== "id" && selected[name] !== null) any = true;
  }
  if (!any && properties.some((name) => name !== "id")) {
    throw bare(id, what);
  }
  return { id, properties: selected };
}

/** The selected properties that a delta entry bears: what is absent has not changed. All of them null is an error, as in `parseUser`. */
export function parseChangedUser(
  entry: Readonly<Record<string, unknown>>,
  id: ObjectId,
  properties: readonly string[],
  what: string,
): DirectoryUser {
  const changed: Record<string, unknown> = {};
  let any = false;
  let whole = true;
  for (const name of properties) {
    if (name === "id") continue;
    if (name in entry) changed[name] = entry[name] ?? null;
    else whole = false;
    if ((changed[name] ?? null) !== null) any = true;
  }
  // Everybody has at least a name: an app without the right to read users gets null for all that it asked for.
  if (whole && !any) throw bare(id, what);
  return { id, properties: changed };
}

function bare(id: ObjectId, what: string): AgentError {
  return incomplete(what, `user ${id} came without any property`, RIGHTS_HINT);
}

export function parseGroup(entry: unknown, what: string): DirectoryGroup {
  const id = idOf(entry, what);
  const { displayName, visibility } = entry as Readonly<Record<string, unknown>>;
  if (typeof displayName !== "string" || displayName === "") {
    throw incomplete(what, `group ${id} came without its name`, RIGHTS_HINT);
  }
  return { id, displayName, visibility: typeof visibility === "string" ? visibility : null };
}
