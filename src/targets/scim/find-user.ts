/** Looks for the account of somebody: by `externalId`, then by `userName`, then by e-mail address, case aside. */
import { addressKey } from "../../model/directory.ts";
import type { SeenAccount } from "../../model/remote-account.ts";
import type { Connection } from "./connection.ts";
import { equals } from "./filter.ts";
import { pageOf, readList } from "./list.ts";
import type { Service } from "./service.ts";
import { type Resource, selectUsers } from "./user-read.ts";

const LOOKING = "looking for an account";

/** Null: nobody, or several of the same e-mail address. */
export type FindUser = (by: {
  readonly externalId: string;
  readonly userName?: string;
  readonly address?: string;
}) => Promise<SeenAccount | null>;

/** For a few look-ups in a row: what it has read whole it does not read again. */
export function createFinder(connection: Connection, service: Service, signal: AbortSignal): FindUser {
  let tiers: Promise<void> | null = null;
  const seen = async (users: readonly Resource[]): Promise<readonly SeenAccount[]> => {
    if (users.length === 0) return [];
    tiers ??= connection.readTiers(signal);
    await tiers;
    return users.flatMap((user) => connection.read(user) ?? []);
  };

  /** Null: the service does not know this filter. */
  const query = async (attribute: string, value: string): Promise<readonly SeenAccount[] | null> => {
    if (!service.filter) return null;
    const path = `${service.users}?filter=${encodeURIComponent(equals(attribute, value))}`;
    const answer = await connection.http.send({ method: "GET", path, what: LOOKING }, signal);
    return answer.status >= 300 ? null : seen(pageOf(answer, LOOKING).resources);
  };

  let list: Promise<readonly SeenAccount[]> | null = null;
  const everybody = async (): Promise<readonly SeenAccount[]> => {
    const request = { path: service.users, select: selectUsers(connection.options.tierAs), what: LOOKING };
    const users = await readList(connection, service, request, (user) => user, signal);
    return seen([...users.values()]);
  };

  return async ({ externalId, userName, address }) => {
    let unknown = false;
    const ask = async (attribute: string, value: string): Promise<readonly SeenAccount[]> => {
      const answer = await query(attribute, value);
      unknown ||= answer === null;
      return answer ?? [];
    };
    const bears = (one: SeenAccount): boolean => one.externalId === externalId;
    const bearing = (await ask("externalId", externalId)).find(bears);
    if (bearing !== undefined) return bearing;
    for (const name of variants(userName, address)) {
      const named = (await ask("userName", name)).find(isNamed(name));
      if (named !== undefined) return named;
    }
    for (const name of variants(address)) {
      const mailed = (await ask("emails.value", name)).filter(isMailed(name));
      if (mailed.length === 1) return mailed[0] ?? null;
    }
    if (!unknown) return null;
    // Only the whole list tells what a service without such filters has.
    list ??= everybody();
    const all = await list;
    const named = [userName, address].filter((name) => name !== undefined && name !== "") as string[];
    const own = all.find(bears) ?? named.flatMap((name) => all.find(isNamed(name)) ?? [])[0];
    if (own !== undefined) return own;
    const mailed = address ? all.filter(isMailed(address)) : [];
    return mailed.length === 1 ? (mailed[0] ?? null) : null;
  };
}

function isNamed(name: string): (one: SeenAccount) => boolean {
  return ({ userName }) => addressKey(userName) === addressKey(name);
}

function isMailed(name: string): (one: SeenAccount) => boolean {
  return ({ emails }) => emails.some((email) => addressKey(email) === addressKey(name));
}

/** Each name as it is and in lower case: not every service compares as the standard has it. */
export function variants(...names: (string | undefined)[]): readonly string[] {
  const given = names.filter((name) => name !== undefined && name !== "") as string[];
  return [...new Set(given.flatMap((name) => [name, name.toLowerCase()]))];
}
