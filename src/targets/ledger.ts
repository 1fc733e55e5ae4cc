/** The built-in licence system: accounts in the agent's own database, so a change and its record are one transaction. */

import type { AccountStore, AccountWriter, RemoteAccountStore } from "../cycle/account-ports.ts";
import type { ApplyItem, ApplyResult, LicenceTarget } from "../cycle/ports.ts";

export interface LedgerOptions {
  readonly accounts: AccountStore & AccountWriter;
  readonly transaction: <T>(work: () => T) => T;
  /** The same accounts as the copy of a remote system that was configured before. */
  readonly remote: Pick<RemoteAccountStore, "forget">;
}

/** Accounts by person, with the tier they were created with. */
type Made = Map<number, { readonly key: number; readonly tier: string | null }>;

export function createLedger({ accounts, transaction, remote }: LedgerOptions): LicenceTarget {
  /** Null: done; else why not. Doing the same twice is doing it once. `next`: the item after it; `made`: what this batch created. */
  const carryOut = (item: ApplyItem, next: ApplyItem | undefined, made: Made): string | null => {
    const { action, at } = item;
    const fresh = made.get(action.person);
    const account = item.accountKey ?? fresh?.key ?? null;
    switch (action.kind) {
      case "create": {
        if (account !== null) return null;
        const profile = item.profileText ?? item.profile;
        if (profile === null || action.address === null) return "a new account needs an address";
        const tier = next?.action.kind === "assign" && next.action.person === action.person ? next.action.to : null;
        const { person, address } = action;
        const { key, created } = accounts.create({ person, address, profile, remoteId: null, at, tier });
        made.set(person, { key, tier: created ? tier : null });
        return null;
      }
      case "wait":
      case "release":
        return null;
      default:
        return change(item, account ?? accounts.of(action.person)?.key ?? null, fresh?.tier ?? null);
    }
  };

  /** `held`: the tier that the account was created with in this batch. */
  const change = (item: ApplyItem, account: number | null, held: string | null): string | null => {
    const { action, at } = item;
    if (account === null) return `there is no account to ${action.kind}`;
    switch (action.kind) {
      case "adopt":
        accounts.bind(account, action.person);
        break;
      case "update": {
        const profile = item.profileText ?? item.profile;
        if (profile === null || action.address === null) return "an account needs an address";
        accounts.update(account, { address: action.address, profile });
        break;
      }
      case "assign":
      case "change":
        if (held === null || held !== action.to) accounts.setTier(account, action.to);
        break;
      case "revoke":
        accounts.revoke(account, at);
        break;
      case "purge":
        accounts.purge(account, action.person, at);
        break;
    }
    return null;
  };

  return {
    transactional: true,
    refresh: async () => {},
    // There is no other place where anybody could make an account.
    look: async () => false,
    apply: async (batch, settle) =>
      transaction(() => {
        // From here on the accounts are no copy of anything: should they be one again, everything is read first.
        remote.forget();
        const refused = new Set<number>();
        const made: Made = new Map();
        const results: ApplyResult[] = [];
        for (const [index, item] of batch.entries()) {
          if (refused.has(item.action.person)) continue;
          // What was recorded before a purge goes with it.
          if (item.action.kind === "purge" && results.length > 0) settle(results.splice(0));
          const problem = carryOut(item, batch[index + 1], made);
          if (problem === null) results.push({ item, ok: true });
          else {
            refused.add(item.action.person);
            results.push({ item, ok: false, code: "ERR_TARGET_REFUSED", message: problem });
          }
        }
        if (results.length > 0) settle(results);
      }),
    requests: () => 0,
  };
}
