/** What must be read from the directory before a tenant's rules can be evaluated. */
import { BASE_PROPERTIES, type GroupRef } from "../model/directory.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { filesFor } from "./bind.ts";
import type { Condition, Position, RuleSet } from "./types.ts";

export interface DirectoryNeeds {
  /** Groups that may lie outside the parent: those named by id or with `anywhere`. */
  readonly others: readonly GroupRef[];
  /** For `$select`: sorted, each once. */
  readonly properties: readonly string[];
}

export function directoryNeeds(ruleSet: RuleSet, tenant: string): DirectoryNeeds {
  const others = new Map<string, GroupRef>();
  const properties = new Set<string>(BASE_PROPERTIES);
  for (const rule of filesFor(ruleSet, tenant).flatMap((file) => file.rules)) {
    for (const leaf of leaves(rule.when)) {
      if (leaf.kind === "attribute") {
        const source = ATTRIBUTES.get(leaf.attribute)?.source;
        if (source?.kind === "user") properties.add(source.select);
      } else if (leaf.group.id !== null) {
        others.set(`id ${leaf.group.id}`, { id: leaf.group.id });
      } else if (leaf.group.anywhere && leaf.group.name !== null) {
        others.set(`name ${leaf.group.name.toLowerCase()}`, { name: leaf.group.name });
      }
    }
  }
  return { others: [...others.values()], properties: [...properties].sort() };
}

/** Where the tenant's rules name a group of `others`, by this name or id. */
export function placesOf(ruleSet: RuleSet, tenant: string, nameOrId: string): readonly Position[] {
  const wanted = nameOrId.toLowerCase();
  return filesFor(ruleSet, tenant)
    .flatMap((file) => file.rules)
    .flatMap((rule) => leaves(rule.when))
    .flatMap((leaf) => {
      if (leaf.kind === "attribute") return [];
      const { id, name, anywhere, at } = leaf.group;
      const named = id ?? (anywhere ? name : null);
      return named?.toLowerCase() === wanted ? [at] : [];
    });
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
