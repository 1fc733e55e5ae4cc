/** Looks for the account of somebody: by `externalId`, then by `userName`, then by e-mail address, case aside. */
import { addressKey } from "../../model/directory.ts";
import type { SeenAccount } from "../../model/remote-account.ts";
import type { Connection } from "./connection.ts";
import { equals } from "./filter.ts";
import { pageOf } from "./list.ts";
import type { Service } from "./service.ts";

/** Null: nobody, several of the same e-mail address, or the service cannot filter. */
export type FindUser = (by: {
  readonly externalId: string;
  readonly userName?: string;
  readonly address?: string;
}) => Promise<SeenAccount | null>;

export function createFinder({ http, learnt, read }: Connection, service: Service, signal: AbortSignal): FindUser {
  const query = async (filter: string): Promise<readonly SeenAccount[]> => {
    const what = "looking for an account";
    const path = `${service.users}?filter=${encodeURIComponent(filter)}`;
    const answer = await http.send({ method: "GET", path, what }, signal);
    // A filter that the service does not know finds nothing.
    if (answer.status >= 300) return [];
    return pageOf(answer, what).resources.flatMap((user) => read(user) ?? []);
  };

  return async ({ externalId, userName, address }) => {
    if (!service.filter) {
      learnt.readAgain = true;
      return null;
    }
    const bearing = (await query(equals("externalId", externalId))).find((one) => one.externalId === externalId);
    if (bearing !== undefined) return bearing;
    for (const name of variants(userName, address)) {
      const named = (await query(equals("userName", name))).find((one) => same(one.userName, name));
      if (named !== undefined) return named;
    }
    for (const name of variants(address)) {
      const mailed = (await query(equals("emails.value", name))).filter(({ emails }) =>
        emails.some((email) => same(email, name)),
      );
      if (mailed.length === 1) return mailed[0] ?? null;
    }
    return null;
  };
}

function same(left: string, right: string): boolean {
  return addressKey(left) === addressKey(right);
}

/** Each name as it is and in lower case: not every service compares as the standard has it. */
function variants(...names: (string | undefined)[]): readonly string[] {
  const given = names.filter((name) => name !== undefined && name !== "") as string[];
  return [...new Set(given.flatMap((name) => [name, name.toLowerCase()]))];
}
