/** What must be read from the directory before a tenant's rules can be evaluated. */
import { BASE_PROPERTIES, type GroupRef } from "../model/directory.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { groupRef, leaves, mentionedElsewhere, mentionKey, rulesFor } from "./mentions.ts";
import type { Position, RuleSet } from "./types.ts";

export interface DirectoryNeeds {
  /** Groups that may lie outside the parent: those named by id or with `anywhere`. */
  readonly others: readonly GroupRef[];
  /** For `$select`: sorted, each once. */
  readonly properties: readonly string[];
  /** Those among them that decide about a person: what rules look at, and who is skipped. A new name is no new reason. */
  readonly deciding: readonly string[];
}

/** What guests and disabled accounts are known by. */
const SKIPPED_BY = ["accountEnabled", "userType"] as const;

export function directoryNeeds(ruleSet: RuleSet, tenant: string): DirectoryNeeds {
  const deciding = new Set<string>(SKIPPED_BY);
  for (const leaf of rulesFor(ruleSet, tenant).flatMap(({ when }) => leaves(when))) {
    const source = leaf.kind === "attribute" ? ATTRIBUTES.get(leaf.attribute)?.source : undefined;
    if (source?.kind === "user") deciding.add(source.select);
  }
  const others = new Map(
    mentionedElsewhere(ruleSet, tenant).map((mention) => [mentionKey(mention), groupRef(mention)]),
  );
  return {
    others: [...others.values()],
    properties: [...new Set<string>([...BASE_PROPERTIES, ...deciding])].sort(),
    deciding: [...deciding].sort(),
  };
}

/** Where the tenant's rules name a group of `others`, by this name or id. */
export function placesOf(ruleSet: RuleSet, tenant: string, nameOrId: string): readonly Position[] {
  const wanted = nameOrId.toLowerCase();
  return mentionedElsewhere(ruleSet, tenant)
    .filter(({ id, name }) => (id ?? name)?.toLowerCase() === wanted)
    .map(({ at }) => at);
}
