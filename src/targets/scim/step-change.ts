/** What a step asks for, whoever wrote what before. */
import type { Profile } from "../../model/directory.ts";
import type { RemoteAccount } from "../../model/remote-account.ts";
import { refused } from "./errors.ts";
import type { Step } from "./steps.ts";
import type { UserChange } from "./user-write.ts";

/** The account that the step is about; null: it is to be created. `profile`: canonical JSON of what was written last. */
export type Before = Pick<RemoteAccount, "active" | "tier"> & { readonly profile: string | null };

/** `groupTiers`: groups are the tiers, so no tier is written to the account. Throws `ERR_TARGET_REFUSED` for an account without an address. */
export function changeOf({ items }: Pick<Step, "items">, account: Before | null, groupTiers: boolean): UserChange {
  let change: UserChange =
    takesOver(items) && account?.active === false && account.tier !== null ? { active: true } : {};
  for (const { action, profile } of items) {
    const { kind, address, to, user } = action;
    if (kind === "create" || kind === "adopt") change = { ...change, externalId: user };
    if (kind === "create" || kind === "update") {
      if (profile === null || address === null) throw refused("an account needs an address");
      const text = account?.profile ?? null;
      const before = text === null ? null : (JSON.parse(text) as Profile);
      change = { ...change, profile: { now: profile, before, address } };
    }
    if (kind === "revoke") change = { ...change, tier: null };
    if (kind === "assign" || kind === "change") {
      // Whoever is given a licence is to be able to use it.
      const woken = account?.active === false ? { active: true } : {};
      change = { ...change, ...woken, ...(groupTiers ? {} : { tier: to }) };
    }
  }
  return change;
}

/** For somebody who is to have a licence: the accounts of others are not described when they are taken over. */
function takesOver(items: Step["items"]): boolean {
  const does = new Set(items.map(({ action }) => action.kind));
  return does.has("adopt") && does.has("update") && !does.has("revoke");
}
