/** Carries out one step, and takes what came of it into the copy. */
import type { ApplyItem } from "../../cycle/ports.ts";
import type { Profile } from "../../model/directory.ts";
import type { RemoteAccount } from "../../model/remote-account.ts";
import type { Connection } from "./connection.ts";
import { createCopyKeeper, type Done } from "./copy-keeper.ts";
import { type Answer, refused } from "./errors.ts";
import type { ScimRequest } from "./http.ts";
import { createPurge } from "./purge.ts";
import type { Service } from "./service.ts";
import { changeOf } from "./step-change.ts";
import type { Step } from "./steps.ts";
import type { TierGroups } from "./tier-groups.ts";
import type { UserChange } from "./user-write.ts";
import { createUsers, type Written } from "./users.ts";

export interface CarryOut {
  /** The one request that would do, for services that take many at once; null: it is not that simple. */
  shortcut(step: Step): ScimRequest | null;
  /** What `shortcut` was answered. Throws as `run`. */
  took(step: Step, answer: Answer, done: Done): Promise<void>;
  /** Throws `ERR_TARGET_REFUSED` for what concerns this person only; some of the step may be done by then. */
  run(step: Step, done: Done): Promise<void>;
  /** Takes the account to an address that nobody else has, so that its own becomes free. Throws as `run`. */
  park(step: Step): Promise<void>;
  /** Takes it back. */
  unpark(step: Step): Promise<void>;
}

export function createCarryOut(
  connection: Connection,
  service: Service,
  groups: TierGroups | null,
  signal: AbortSignal,
): CarryOut {
  const { accounts, remote, transaction } = connection.options;
  const { accountOf, keep, keepItem, noteRefusal } = createCopyKeeper(connection.options);
  const users = createUsers(connection, service, signal);
  const purge = createPurge(connection, service, { users, groups }, signal);

  const needAccount = (item: ApplyItem): RemoteAccount => {
    const account = accountOf(item);
    if (account === null) throw refused(`there is no account to ${item.action.kind}`);
    return account;
  };

  const asked = (step: Pick<Step, "items">, account: RemoteAccount | null): UserChange => {
    const profile = account === null ? null : (accounts.byKey(account.key)?.profile ?? null);
    return changeOf(
      step,
      account === null ? null : { active: account.active, tier: account.tier, profile },
      groups !== null,
    );
  };

  const creates = ({ items }: Step): boolean => items[0]?.action.kind === "create";

  const create = async (step: Step, answer: Answer, done: Done): Promise<void> => {
    const change = asked(step, null);
    const written = await users.created(answer, change);
    if (written.bare === true) {
      const { tier: _, ...bare } = change;
      const [made, ...rest] = step.items;
      if (made !== undefined) keep({ ...step, items: [made] }, written, bare, done);
      return runUser({ ...step, items: rest }, done);
    }
    if (written.found === undefined) return keep(step, written, change, done);
    // It was there: made by a request whose answer was lost.
    const { found } = written;
    const { key } = transaction(() => remote.see(found, { own: new Set(), leave: false }));
    const account = remote.byKey(key);
    if (account === null) throw refused("creating the account: it was there and is gone again");
    keep(step, await users.change(account, change), change, done);
  };

  const send = async (request: ScimRequest): Promise<Answer> => {
    const answer = await connection.http.send(request, signal);
    if (answer.status < 300) connection.learnt.wrote = true;
    return answer;
  };

  /** People whose accounts a purge has deleted: there is nothing left to give a new address to. */
  const deleted = new Set<number>();

  const runUser = async (step: Step, done: Done): Promise<void> => {
    const first = step.items[0];
    if (first === undefined) return;
    if (deleted.has(first.action.person)) return transaction(() => done(step.items));
    const account = creates(step) ? remote.of(first.action.user) : needAccount(first);
    const change = asked(step, account);
    if (account === null) return create(step, await send(users.creation(change)), done);
    if (first.action.kind === "adopt" && account.person !== null && account.person !== first.action.person) {
      throw refused("the account was bound to somebody else meanwhile");
    }
    keep(step, await users.change(account, change), change, done);
  };

  const runTier = async (step: Step, done: Done): Promise<void> => {
    for (const item of step.items) {
      const account = needAccount(item);
      const change = asked({ items: [item] }, account);
      let written: Written | null = null;
      if (change.active !== undefined) written = await users.change(account, change);
      await groups?.move(account, item.action.to, signal);
      transaction(() => {
        keepItem(item, written);
        const version = written?.version ?? (service.etag ? account.version : null);
        remote.wrote(account.key, {
          version,
          regular: true,
          ...(change.active === undefined ? {} : { active: change.active }),
        });
      });
    }
    transaction(() => done(step.items));
  };

  /** What the accounts were like that are put aside. */
  const parked = new Map<number, Profile>();

  /**
   * The copy goes on knowing the old address, and takes the account for one put aside from before it is: whatever ends this in the middle,
   * and whatever address the person has by then, leads to an update in the next cycle.
   */
  const moveAside = async ({ items: [item] }: Step, aside: boolean): Promise<void> => {
    if (item === undefined) return;
    const account = needAccount(item);
    const known = accounts.byKey(account.key);
    if (known === null || known.profile === null) throw refused("what the account was like is not known");
    const before = JSON.parse(known.profile) as Profile;
    const domain = known.address.split("@").at(-1);
    const address = aside ? `moving.${item.action.user}@${domain}` : known.address;
    const now = aside ? { ...before, userName: address, address } : (parked.get(account.key) ?? before);
    const keepProfile = (profile: Profile): void => accounts.update(account.key, { address: known.address, profile });
    if (aside) {
      parked.set(account.key, before);
      transaction(() => keepProfile(now));
    }
    const { version } = await users.change(account, { profile: { now, before, address } });
    transaction(() => {
      remote.wrote(account.key, { version });
      keepProfile(now);
    });
  };

  const runPurge = async (step: Step, done: Done): Promise<void> => {
    const item = step.items[0];
    if (item === undefined) return;
    const account = needAccount(item);
    const left = await purge(account);
    if (left === null) deleted.add(item.action.person);
    transaction(() => {
      accounts.purge(account.key, item.action.person, item.at);
      if (left === null) remote.remove(account.key);
      else remote.wrote(account.key, { version: left.version, active: false });
      done(step.items);
    });
  };

  const noting =
    <Rest extends unknown[]>(work: (step: Step, ...rest: Rest) => Promise<void>) =>
    async (step: Step, ...rest: Rest): Promise<void> => {
      try {
        await work(step, ...rest);
      } catch (error) {
        noteRefusal(step, error);
        throw error;
      }
    };

  return {
    park: (step) => moveAside(step, true),
    unpark: (step) => moveAside(step, false),
    shortcut: (step) => {
      const first = step.items[0];
      if (first === undefined || step.kind !== "user") return null;
      const account = creates(step) ? remote.of(first.action.user) : needAccount(first);
      const change = asked(step, account);
      return account === null ? users.creation(change) : users.shortcut(account, change);
    },
    took: noting(async (step: Step, answer: Answer, done: Done) => {
      if (creates(step)) return create(step, answer, done);
      const first = step.items[0];
      if (first === undefined) return;
      const account = needAccount(first);
      const change = asked(step, account);
      keep(step, await users.changed(account, change, answer), change, done);
    }),
    run: noting(async (step: Step, done: Done) => {
      switch (step.kind) {
        case "nothing":
          return transaction(() => done(step.items));
        case "user":
          return runUser(step, done);
        case "tier":
          return runTier(step, done);
        case "purge":
          return runPurge(step, done);
      }
    }),
  };
}
