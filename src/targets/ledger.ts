/** The built-in licence system: accounts in the agent's own database, so a change and its record are one transaction. */
import type { ApplyItem, ApplyResult, LicenceTarget } from "../cycle/ports.ts";
import type { AccountStore, AccountWriter } from "../cycle/store-ports.ts";

export interface LedgerOptions {
  readonly accounts: AccountStore & AccountWriter;
  readonly transaction: <T>(work: () => T) => T;
}

export function createLedger({ accounts, transaction }: LedgerOptions): LicenceTarget {
  const accountOf = (item: ApplyItem): number | null => item.accountKey ?? accounts.of(item.action.person)?.key ?? null;

  /** Null: done; else why not. Doing the same twice is doing it once. */
  const carryOut = (item: ApplyItem): string | null => {
    const { action, profile, at } = item;
    const account = accountOf(item);
    switch (action.kind) {
      case "create":
        if (account !== null) return null;
        if (profile === null || action.address === null) return "a new account needs an address";
        accounts.create({ person: action.person, address: action.address, profile, remoteId: null, at });
        return null;
      case "wait":
      case "release":
        return null;
      default:
        break;
    }
    if (account === null) return `there is no account to ${action.kind}`;
    switch (action.kind) {
      case "adopt":
        accounts.bind(account, action.person);
        break;
      case "update":
        if (profile === null || action.address === null) return "an account needs an address";
        accounts.update(account, { address: action.address, profile });
        break;
      case "assign":
      case "change":
        accounts.setTier(account, action.to);
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
    kind: "ledger",
    refresh: async () => {},
    apply: async (batch, settle) =>
      transaction(() => {
        const refused = new Set<number>();
        const results: ApplyResult[] = [];
        for (const item of batch) {
          if (refused.has(item.action.person)) continue;
          const problem = carryOut(item);
          if (problem === null) results.push({ item, ok: true });
          else {
            refused.add(item.action.person);
            results.push({ item, ok: false, code: "ERR_TARGET_REFUSED", message: problem });
          }
        }
        settle(results);
      }),
    requests: () => 0,
  };
}
