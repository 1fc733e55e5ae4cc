/** Tiers kept as groups: who is a member of the group with a tier's name holds that tier. */
import { AgentError } from "../../errors.ts";
import type { RemoteAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import type { Connection } from "./connection.ts";
import { type Answer, isRecord, refusal, refused } from "./errors.ts";
import { valuePath } from "./filter.ts";
import { readList } from "./list.ts";
import type { Service } from "./service.ts";
import { sideBySide } from "./side-by-side.ts";
import { listOf, type Resource, valuesOf } from "./user-read.ts";
import { type PatchOperation, patchBody } from "./user-write.ts";

const READING = "reading the groups that are tiers";

export interface TierGroups {
  /** Reads who is in which tier's group; `Connection.tiersOf` tells it from then on. */
  read(signal: AbortSignal): Promise<void>;
  /** Tiers without a group: nobody can be given them. */
  missing(signal: AbortSignal): Promise<readonly TierName[]>;
  /** Into the one group first and out of the other then: nobody is without a licence in between, and a cut is seen as the old tier. */
  move(account: RemoteAccount, to: TierName | null, signal: AbortSignal): Promise<void>;
}

export function createTierGroups(connection: Connection): TierGroups {
  const { options, http } = connection;
  let known: ReadonlyMap<TierName, string> | null = null;
  /** A service may know PATCH of users and not of groups. */
  let patches = true;
  /** Groups that are replaced whole are written one after the other. */
  let last: Promise<unknown> = Promise.resolve();

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

  const read: TierGroups["read"] = async (signal) => {
    const service = await connection.service(signal);
    const holders = new Map<string, TierName[]>();
    await sideBySide([...(await find(signal))], async ([tier, id]) => {
      const answer = await connection.ask({ method: "GET", path: groupPath(service, id), what: READING }, signal);
      const members = listOf(answer.body?.["members"]).filter((item) => !isRecord(item) || item["type"] !== "Group");
      for (const member of valuesOf(members)) holders.set(member, [...(holders.get(member) ?? []), tier]);
    });
    connection.tiersOf = (remoteId) => holders.get(remoteId) ?? [];
  };
  connection.readTiers = read;

  /** Null: the service does not know PATCH of groups. */
  const patch = async (
    service: Service,
    group: string,
    operation: PatchOperation,
    what: string,
    signal: AbortSignal,
  ): Promise<Answer | null> => {
    if (!service.patch || !patches) return null;
    const request = { path: groupPath(service, group), body: patchBody([operation]), what };
    const answer = await http.send({ method: "PATCH", ...request }, signal);
    patches = answer.status !== 405 && answer.status !== 501;
    return patches ? answer : null;
  };

  const replace = async (service: Service, group: string, user: string, member: boolean, signal: AbortSignal) => {
    const what = "changing the members of a tier's group";
    const path = groupPath(service, group);
    for (let tries = 1; ; tries += 1) {
      const current = await connection.ask({ method: "GET", path, what }, signal);
      const members = listOf(current.body?.["members"]);
      const others = members.filter((item) => valuesOf([item])[0] !== user);
      if (member === others.length < members.length) return current;
      const { meta, ...group } = current.body ?? {};
      const version = !service.etag ? null : isRecord(meta) && meta["version"] ? String(meta["version"]) : current.etag;
      const body = { ...group, members: member ? [...members, { value: user }] : others };
      const answer = await http.send({ method: "PUT", path, body, version, what }, signal);
      if ((answer.status !== 412 && answer.status !== 428) || tries > 1) return answer;
    }
  };

  const setMember = async (tier: TierName, user: string, member: boolean, signal: AbortSignal): Promise<void> => {
    const service = await connection.service(signal);
    const group = (known ?? (await find(signal))).get(tier);
    if (group === undefined) {
      if (!member) return;
      throw refused(`there is no group ${tier} in the licence system`, "make a group of that name there");
    }
    const what = member ? `joining the group ${tier}` : `leaving the group ${tier}`;
    const named = { path: "members", value: [{ value: user }] };
    let answer: Answer | null;
    if (member) {
      answer = await patch(service, group, { op: "add", ...named }, what, signal);
    } else {
      answer = await patch(service, group, { op: "remove", path: valuePath("members", user) }, what, signal);
      if (answer?.status === 400 && answer.body?.["scimType"] !== "noTarget") {
        // As Entra asks for it, which some services know alone.
        answer = await patch(service, group, { op: "remove", ...named }, what, signal);
      }
    }
    if (answer === null) {
      const turn = last.then(() => replace(service, group, user, member, signal));
      last = turn.catch(() => undefined);
      answer = await turn;
    }
    if (!member && (answer.body?.["scimType"] === "noTarget" || answer.status === 404)) return;
    if (answer.status === 404) known = null;
    if (answer.status >= 300) throw refusal(what, answer);
    connection.learnt.wrote = true;
  };

  return {
    read,
    missing: async (signal) => {
      const found = await find(signal);
      return options.tiers.filter((tier) => !found.has(tier));
    },
    move: async (account, to, signal) => {
      const from = account.irregular ? options.tiers : options.tiers.filter((tier) => tier === account.tier);
      if (to !== null && (to !== account.tier || account.irregular))
        await setMember(to, account.remoteId, true, signal);
      for (const tier of from) if (tier !== to) await setMember(tier, account.remoteId, false, signal);
    },
  };
}

function groupPath(service: Service, id: string): string {
  return `${service.groups}/${encodeURIComponent(id)}`;
}
