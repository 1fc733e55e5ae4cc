/** A purge at the service. What it deletes is gone for good, so the account is looked at before: somebody may have given it a licence by hand. */
import type { RemoteAccount } from "../../model/remote-account.ts";
import { AccountGone, AccountLicensed } from "./account-errors.ts";
import type { Connection } from "./connection.ts";
import { refusal, refused } from "./errors.ts";
import { createFinder } from "./find-user.ts";
import type { Service } from "./service.ts";
import { notFound } from "./still-answers.ts";
import type { TierGroups } from "./tier-groups.ts";
import { isObjectId } from "./user-read.ts";
import { LOOK_AGAIN, type Users, userPath, type Written } from "./users.ts";

/** Null: the account is gone, which is what was wanted. Throws `AccountLicensed`. */
export type Purge = (account: RemoteAccount) => Promise<Written | null>;

const ANOTHER_ID = "the next full reading takes it over: `tiersync sync --full`, or wait for it";

export function createPurge(
  connection: Connection,
  service: Service,
  { users, groups }: { readonly users: Users; readonly groups: TierGroups | null },
  signal: AbortSignal,
): Purge {
  const { http, learnt, options } = connection;
  const tiersOf = groups?.watch(signal);

  /** Null: there is no such account. */
  const look = async (account: RemoteAccount, what: string): Promise<{ version: string | null } | null> => {
    const current = await users.get(account.remoteId, what);
    if (current === null) return await gone(account, what);
    const shown = connection.read(current.user);
    const seen = shown === null || !tiersOf ? shown : { ...shown, tiers: await tiersOf(account.remoteId) };
    if (seen !== null && isObjectId(seen.externalId) && seen.externalId !== account.externalId) {
      throw refused(`${what}: it was bound to ${seen.externalId} meanwhile`);
    }
    if (seen !== null && seen.tiers.length > 0) throw new AccountLicensed(what, seen);
    return current;
  };

  const find = createFinder(connection, service, signal);

  const gone = async ({ externalId }: RemoteAccount, what: string): Promise<null> => {
    const error = await notFound(connection, service, what, signal);
    if (!(error instanceof AccountGone)) throw error;
    const other = isObjectId(externalId) ? await find({ externalId }) : null;
    if (other !== null) throw refused(`${what}: it has another id by now, ${other.remoteId}`, ANOTHER_ID);
    return null;
  };

  const remove = async (account: RemoteAccount): Promise<null> => {
    const what = "deleting the account";
    for (let tries = 1; ; tries += 1) {
      const current = await look(account, what);
      if (current === null) return null;
      const path = userPath(service, account.remoteId);
      const answer = await http.send({ method: "DELETE", path, version: current.version, what }, signal);
      if (answer.status < 300) {
        learnt.wrote = true;
        return null;
      }
      if (!LOOK_AGAIN.includes(answer.status) || tries > 1) throw refusal(what, answer);
    }
  };

  return async (account) => {
    if (options.onPurge === "delete") return await remove(account);
    const there = await look(account, "deactivating the account");
    return there === null ? null : await users.change(account, { active: false });
  };
}
