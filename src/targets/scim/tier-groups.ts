/** Tiers kept as groups: who is a member of the group with a tier's name holds that tier. */
import { AgentError } from "../../errors.ts";
import type { RemoteAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import type { Connection } from "./connection.ts";
import { isRecord, isRefusal, refusal, refused, unknown } from "./errors.ts";
import { createGroupMembers, type TierGroup } from "./group-members.ts";
import { readList } from "./list.ts";
import { sideBySide } from "./side-by-side.ts";
import { type Resource, valuesOf } from "./user-read.ts";

const READING = "reading the groups that are tiers";

export interface TierGroups {
  /**
   * Reads who is in which tier's group; `Connection.tiersOf` tells it from then on. `expected`: as many are known to be in them. Throws
   * `ERR_TARGET_UNREACHABLE` where it does not show what has become of those.
   */
  read(signal: AbortSignal, expected: ReadonlyMap<TierName, number>): Promise<void>;
  /** Tiers without a group: nobody can be given them. */
  missing(signal: AbortSignal): Promise<readonly TierName[]>;
  /** For one batch, tells which tiers a user holds by now, for any reason; reads again only after changes of the agent's own. */
  watch(signal: AbortSignal): (user: string) => Promise<readonly TierName[]>;
  /** Into the one group first and out of the other then: nobody is without a licence in between, and a cut is seen as the old tier. Throws `ERR_TARGET_REFUSED` where it cannot be. */
  move(account: RemoteAccount, to: TierName | null, signal: AbortSignal): Promise<void>;
}

export function createTierGroups(connection: Connection): TierGroups {
  const { options } = connection;
  const members = createGroupMembers(connection);
  let known: ReadonlyMap<TierName, string> | null = null;
  /** Users whose groups were changed since the last `watch` began to read. */
  const changed = new Set<string>();

  const find = async (signal: AbortSignal): Promise<ReadonlyMap<TierName, string>> => {
    const service = await connection.service(signal);
    const request = { path: service.groups, select: "excludedAttributes=members", what: READING };
    const nameOf = ({ displayName }: Resource): string | null => (typeof displayName === "string" ? displayName : null);
    const names = [...(await readList(connection, service, request, nameOf, signal))];
    const found = new Map<TierName, string>();
    for (const tier of options.tiers) {
      const ids = names.filter(([, name]) => name.toLowerCase() === tier.toLowerCase()).map(([id]) => id);
      if (ids.length > 1) {
        throw new AgentError("ERR_CONFIG", `the licence system has ${ids.length} groups named ${tier}`, {
          hint: "give all but one of them another name",
        });
      }
      if (ids[0] !== undefined) found.set(tier, ids[0]);
      else options.logger.warn("the licence system has no group {tier}: nobody can be given that tier", { tier });
    }
    known = found;
    return found;
  };

  const listsOf = async (groups: ReadonlyMap<TierName, string>, signal: AbortSignal) => {
    const lists = new Map<TierName, readonly unknown[] | null>();
    await sideBySide([...groups], async ([tier, id]) => {
      lists.set(tier, await members.read({ tier, id }, READING, signal));
    });
    return lists;
  };

  const read: TierGroups["read"] = async (signal, expected) => {
    const found = await find(signal);
    for (const [tier, holders] of expected) {
      if (holders <= 0 || found.has(tier) || !options.tiers.includes(tier)) continue;
      throw unknown(`there is no group ${tier} in the licence system any more; known to be in it: ${holders}`, {
        hint: "give that group its name again, or make one, with those who are to hold that tier",
      });
    }
    const lists = await listsOf(found, signal);
    const longest = Math.max(0, ...[...lists.values()].map((items) => items?.length ?? 0));
    const whole = new Map<TierName, readonly unknown[]>();
    for (const [tier, items] of lists) {
      whole.set(tier, members.sure(items, { tier, holders: expected.get(tier) ?? 0, longest }));
    }
    const holders = holdersOf(whole);
    connection.tiersOf = (remoteId) => holders.get(remoteId) ?? [];
  };
  // Beside changes of the agent's own nobody can be expected: whoever just left may be the last one.
  connection.readTiers = (signal) => read(signal, new Map());

  const groupOf = async (tier: TierName, signal: AbortSignal): Promise<string> => {
    const group = (known ?? (await find(signal))).get(tier);
    if (group !== undefined) return group;
    throw refused(`there is no group ${tier} in the licence system`, "make a group of that name there");
  };

  const isIn = async (group: TierGroup, user: string, what: string, signal: AbortSignal): Promise<boolean> => {
    const items = await members.read(group, what, signal);
    return items === null || valuesOf(items).includes(user);
  };

  const setMember = async (tier: TierName, user: string, member: boolean, signal: AbortSignal): Promise<void> => {
    const what = member ? `joining the group ${tier}` : `leaving the group ${tier}`;
    for (let tries = 1; ; tries += 1) {
      const id = await groupOf(tier, signal);
      const group = { tier, id };
      const answer = await members.change(group, user, member, what, signal);
      changed.add(user);
      if (answer.status < 300) connection.learnt.wrote = true;
      if (answer.status < 300 || (!member && answer.body?.["scimType"] === "noTarget")) return;
      if (answer.status !== 404) throw refusal(what, answer);
      // The group may have been made again, under another id: only what is gone from the group of today is gone.
      if (known?.get(tier) === id) known = null;
      if (tries === 1 && (await groupOf(tier, signal)) !== id) continue;
      if (member || (await isIn(group, user, what, signal))) throw refusal(what, answer);
      return;
    }
  };

  /** Tiers that the account holds besides `to`, as far as the copy knows. */
  const leaving = (account: RemoteAccount, to: TierName | null): readonly TierName[] => {
    if (!account.irregular) return account.tier === null || account.tier === to ? [] : [account.tier];
    const used = options.accounts.usage();
    // Of an account that is not as the agent writes it, not all tiers are known: a group that is not there is no matter if nobody is in it.
    return options.tiers.filter((tier) => tier !== to && (known?.has(tier) || (used.get(tier) ?? 0) > 0));
  };

  return {
    read,
    watch: (signal) => {
      let reading: Promise<ReadonlyMap<string, readonly TierName[]>> | null = null;
      return async (user) => {
        if (reading === null || changed.has(user)) {
          changed.clear();
          reading = find(signal).then(async (found) => holdersOf(await listsOf(found, signal)));
        }
        return (await reading).get(user) ?? [];
      };
    },
    missing: async (signal) => {
      const found = await find(signal);
      return options.tiers.filter((tier) => !found.has(tier));
    },
    move: async (account, to, signal) => {
      known ??= await find(signal);
      const from = leaving(account, to);
      // Nobody comes to be in two groups because the old one cannot be found.
      for (const tier of from) await groupOf(tier, signal);
      const joins = to !== null && (to !== account.tier || account.irregular) ? to : null;
      if (joins !== null) await setMember(joins, account.remoteId, true, signal);
      try {
        for (const tier of from) await setMember(tier, account.remoteId, false, signal);
      } catch (error) {
        // Whoever keeps the old tier does not take a seat of the new one.
        const stays = joins !== null && !account.irregular && isRefusal(error);
        if (stays) await setMember(joins, account.remoteId, false, signal);
        throw error;
      }
    },
  };
}

/** Tiers by user. Groups within groups are no users. */
function holdersOf(lists: ReadonlyMap<TierName, readonly unknown[] | null>): ReadonlyMap<string, readonly TierName[]> {
  const holders = new Map<string, TierName[]>();
  for (const [tier, items] of lists) {
    const users = valuesOf((items ?? []).filter((item) => !isRecord(item) || item["type"] !== "Group"));
    for (const user of users) holders.set(user, [...(holders.get(user) ?? []), tier]);
  }
  return holders;
}
