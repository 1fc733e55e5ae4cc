/** From the group a rule names to the group that is meant. */
import type { ScopedGroup } from "../model/directory.ts";
import { nearest } from "./nearest.ts";
import type { BoundGroup, GroupMention } from "./types.ts";

export type GroupFault = "ERR_GROUP_NOT_FOUND" | "ERR_GROUP_AMBIGUOUS" | "ERR_GROUP_HIDDEN";

export type Lookup =
  | { readonly group: BoundGroup; readonly fault: null }
  | { readonly group: null; readonly fault: GroupFault; readonly message: string; readonly remedy: string };

const CREATE = "correct the rule, or create the group";
const NEST = "correct the rule, or create the group and make it a member";
const SHOW = "use a group whose membership is visible";

const nameKey = (name: string) => name.trim().normalize("NFC").toLowerCase();
const quoted = (name: string) => `"${name}"`;

/** Finds groups by mention: a plain name among the parent's direct members, an id anywhere in scope, `anywhere` among all known. */
export function groupLookup(groups: readonly ScopedGroup[]): (mention: GroupMention) => Lookup {
  const byId = new Map(groups.map((group) => [group.id.toLowerCase(), group]));
  const byName = (candidates: readonly ScopedGroup[]) =>
    Map.groupBy(candidates, ({ displayName }) => nameKey(displayName));
  const members = groups.filter(({ role }) => role === "member");
  const memberNames = byName(members);
  const allNames = byName(groups);

  return (mention) => {
    if (mention.id !== null) {
      const group = byId.get(mention.id);
      return group === undefined ? missing(`there is no group with the id ${mention.id}`, CREATE) : usable(group);
    }
    const name = mention.name ?? "";
    const found = (mention.anywhere ? allNames : memberNames).get(nameKey(name)) ?? [];
    if (found.length > 1) return ambiguous(name, found);
    if (found[0] !== undefined) return usable(found[0]);
    if (mention.anywhere) {
      return missing(`there is no group named ${quoted(name)} in the tenant${near(name, groups)}`, CREATE);
    }
    const elsewhere = allNames.get(nameKey(name))?.[0];
    return missing(
      elsewhere === undefined
        ? `there is no group named ${quoted(name)} among the members of the parent group${near(name, members)}`
        : `the group ${quoted(name)} is not a direct member of the parent group; make it one, or write {id: ${elsewhere.id}}`,
      NEST,
    );
  };
}

function near(name: string, groups: readonly ScopedGroup[]): string {
  const names = groups.map(({ displayName }) => displayName);
  const found = nearest(name, names);
  if (found === null) return "; it has none";
  return found.close ? `; did you mean ${quoted(found.name)}?` : `; the nearest is ${quoted(found.name)}`;
}

function usable(group: ScopedGroup): Lookup {
  if (group.visibility !== "HiddenMembership") {
    return { group: { id: group.id, displayName: group.displayName }, fault: null };
  }
  const message = `the group ${quoted(group.displayName)} hides its members (HiddenMembership): it would read as empty`;
  return { group: null, fault: "ERR_GROUP_HIDDEN", message, remedy: SHOW };
}

function missing(message: string, remedy: string): Lookup {
  return { group: null, fault: "ERR_GROUP_NOT_FOUND", message, remedy };
}

function ambiguous(name: string, found: readonly ScopedGroup[]): Lookup {
  const ids = found.map(({ id }) => id).sort();
  const message = `${found.length} groups are named ${quoted(name)}; say which by its id: {id: …} (${ids.join(", ")})`;
  const remedy = `in the rule, write the one that is meant: ${ids.map((id) => `{id: ${id}}`).join(" or ")}`;
  return { group: null, fault: "ERR_GROUP_AMBIGUOUS", message, remedy };
}
