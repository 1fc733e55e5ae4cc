/** Takes into the copy what came of a step: what was written, and what a refusal says of the account. */
import type { ApplyItem } from "../../cycle/ports.ts";
import type { RemoteAccount } from "../../model/remote-account.ts";
import { AccountExists, AccountGone, AccountLicensed } from "./account-errors.ts";
import type { ScimOptions } from "./options.ts";
import type { Step } from "./steps.ts";
import type { UserChange } from "./user-write.ts";
import type { Written } from "./users.ts";

/** Called in the transaction that takes what was done into the copy. */
export type Done = (items: readonly ApplyItem[]) => void;

export interface CopyKeeper {
  /** Whom the item is about, as the copy knows the account; null: it knows none. */
  accountOf(item: ApplyItem): RemoteAccount | null;
  /** What was written for a step; `done` is called in the same transaction. */
  keep(step: Step, written: Written | null, change: UserChange, done: Done): void;
  /** One item of it; within a transaction. */
  keepItem(item: ApplyItem, written: Written | null): void;
  noteRefusal(step: Step, error: unknown): void;
}

export function createCopyKeeper({
  accounts,
  remote,
  transaction,
  onDrift,
  drift: tellDrift,
}: Pick<ScimOptions, "accounts" | "remote" | "transaction" | "onDrift" | "drift">): CopyKeeper {
  const keeper: CopyKeeper = {
    accountOf: ({ action, accountKey }) =>
      (accountKey === null ? null : remote.byKey(accountKey)) ?? remote.of(action.user),
    keep: ({ items }, written, change, done) =>
      transaction(() => {
        for (const item of items) keeper.keepItem(item, written);
        const key = items[0] === undefined ? undefined : keeper.accountOf(items[0])?.key;
        if (key !== undefined && written !== null) {
          const { externalId, active, tier } = change;
          remote.wrote(key, {
            version: written.version,
            regular: tier !== undefined,
            ...(externalId === undefined ? {} : { externalId }),
            ...(active === undefined ? {} : { active }),
          });
        }
        done(items);
      }),
    keepItem: (item, written) => {
      const { action, profile, at } = item;
      if (action.kind === "create" && written !== null && profile !== null && action.address !== null) {
        const known = remote.byRemoteId(written.remoteId);
        if (known === null) {
          const { remoteId } = written;
          accounts.create({ person: action.person, address: action.address, profile, remoteId, at });
        } else {
          if (known.person !== action.person) accounts.bind(known.key, action.person);
          accounts.update(known.key, { address: action.address, profile });
        }
        return;
      }
      const key = keeper.accountOf(item)?.key;
      if (key === undefined) return;
      if (action.kind === "adopt") accounts.bind(key, action.person);
      if (action.kind === "update" && profile !== null && action.address !== null) {
        accounts.update(key, { address: action.address, profile });
      }
      if (action.kind === "assign" || action.kind === "change") accounts.setTier(key, action.to);
      if (action.kind === "revoke") accounts.revoke(key, at);
    },
    noteRefusal: ({ items: [item] }, error) => {
      if (item === undefined) return;
      if (error instanceof AccountGone) {
        const account = keeper.accountOf(item);
        // What is still to be purged stays until it was: that it is gone already must not keep its event logs.
        if (account !== null && !account.purgeOpen) transaction(() => remote.remove(account.key));
      }
      if (error instanceof AccountLicensed) {
        transaction(() => {
          const { drift } = remote.see(error.account, { own: new Set(), leave: onDrift === "report" });
          if (drift !== null) tellDrift?.(drift);
        });
      }
      if (error instanceof AccountExists) {
        transaction(() => {
          const { key } = remote.see(error.account, { own: new Set(), leave: false });
          if (item.action.address !== null) remote.alias(key, item.action.address);
        });
      }
    },
  };
  return keeper;
}
