/** Which groups and attributes the rules of a tenant mention. */
import type { GroupRef } from "../model/directory.ts";
import type { Condition, GroupMention, Rule, RuleFile, RuleSet } from "./types.ts";

/** Files that are in force for a tenant. */
function filesFor(ruleSet: RuleSet, tenant: string): readonly RuleFile[] {
  return ruleSet.files.filter(({ enabled, tenants }) => enabled && (tenants === null || tenants.includes(tenant)));
}

/** Rules of those files. */
export function rulesFor(ruleSet: RuleSet, tenant: string): readonly Rule[] {
  return filesFor(ruleSet, tenant).flatMap(({ rules }) => rules);
}

/** The group and attribute conditions inside a condition. */
export function leaves<G>(condition: Condition<G>): Extract<Condition<G>, { kind: "group" | "attribute" }>[] {
  switch (condition.kind) {
    case "group":
    case "attribute":
      return [condition];
    case "not":
      return leaves(condition.of);
    default:
      return condition.of.flatMap(leaves);
  }
}

/** Groups that a tenant's rules name, each time they do. */
export function mentionedGroups(ruleSet: RuleSet, tenant: string): readonly GroupMention[] {
  return rulesFor(ruleSet, tenant)
    .flatMap(({ when }) => leaves(when))
    .flatMap((leaf) => (leaf.kind === "group" ? leaf.group : []));
}

/** Those named by id or with `anywhere`: they may lie outside the parent group, and exist without having been read yet. */
export function mentionedElsewhere(ruleSet: RuleSet, tenant: string): readonly GroupMention[] {
  return mentionedGroups(ruleSet, tenant).filter(isElsewhere);
}

export function isElsewhere({ id, anywhere }: GroupMention): boolean {
  return anywhere || id !== null;
}

export function groupRef({ id, name }: GroupMention): GroupRef {
  return id === null ? { name: name ?? "" } : { id };
}

/** The same for every mention of a group that names it in the same way. */
export function mentionKey({ id, name }: GroupMention): string {
  return id === null ? `name ${name?.toLowerCase()}` : `id ${id}`;
}
