/** How groups in scope hang together. */
import type { ObjectId, ScopedGroup } from "../model/directory.ts";

/** A group in scope with the groups that are direct members of it. */
export interface GroupNode {
  readonly displayName: string;
  readonly visibility: string | null;
  readonly children: ReadonlySet<ObjectId>;
}

export interface Roots {
  readonly parent: ObjectId;
  /** Groups that rules name wherever they are. */
  readonly others: readonly ObjectId[];
}

/** The role of every group that is reached from the roots; circles in the nesting are harmless. */
export function rolesOf(
  roots: Roots,
  childrenOf: (id: ObjectId) => Iterable<ObjectId>,
): ReadonlyMap<ObjectId, ScopedGroup["role"]> {
  const roles = new Map<ObjectId, ScopedGroup["role"]>([[roots.parent, "parent"]]);
  const give = (ids: Iterable<ObjectId>, role: ScopedGroup["role"]): void => {
    for (const id of ids) if (!roles.has(id)) roles.set(id, role);
  };
  give(childrenOf(roots.parent), "member");
  give(roots.others, "other");
  // A Map's iterator also visits what is added on the way.
  for (const id of roles.keys()) give(childrenOf(id), "nested");
  return roles;
}

/** The groups in scope as they are published; nodes that are no longer reached are left out. */
export function scopedGroups(roots: Roots, nodes: ReadonlyMap<ObjectId, GroupNode>): ScopedGroup[] {
  const groups: ScopedGroup[] = [];
  for (const [id, role] of rolesOf(roots, (group) => nodes.get(group)?.children ?? [])) {
    const node = nodes.get(id);
    if (node !== undefined) groups.push({ id, displayName: node.displayName, visibility: node.visibility, role });
  }
  return groups;
}
