/** The members of one group: by PATCH, or by replacing the group whole where the service knows no PATCH of groups. */
import type { TierName } from "../../model/tier.ts";
import type { Connection } from "./connection.ts";
import { type Answer, isRecord, refusal, unknown } from "./errors.ts";
import { valuePath } from "./filter.ts";
import type { Service } from "./service.ts";
import { listOf, valuesOf } from "./user-read.ts";
import { type PatchOperation, patchBody } from "./user-write.ts";

export interface TierGroup {
  readonly tier: TierName;
  readonly id: string;
}

type Shown = readonly unknown[] | null;

export interface GroupMembers {
  /** Null: the service does not show them. Throws `ERR_TARGET_REFUSED` for what concerns the group. */
  read(group: TierGroup, what: string, signal: AbortSignal): Promise<Shown>;
  /**
   * Members that are not shown are nobody only where that is sure: attributes without a value are left out (RFC 7643 §2.5), but so are those
   * that a service keeps to itself, or finds too long. `holders`: as many are known to be in it; `longest`: as many it has just shown of
   * another group. Throws `ERR_TARGET_UNREACHABLE`.
   */
  sure(shown: Shown, group: { tier: TierName; holders: number; longest?: number }): readonly unknown[];
  /** Puts a user in, or takes one out. The service's answer, whatever it is. */
  change(group: TierGroup, user: string, member: boolean, what: string, signal: AbortSignal): Promise<Answer>;
}

export function createGroupMembers(connection: Connection): GroupMembers {
  const { http, options } = connection;
  /** A service may know PATCH of users and not of groups. */
  let patches = true;
  /** Groups that are replaced whole are written one after the other. */
  let last: Promise<unknown> = Promise.resolve();

  const shown = ({ body }: Answer): Shown => (body !== null && "members" in body ? listOf(body["members"]) : null);

  /** The group, and its members. Some services show members only to whoever asks for them. */
  const get = async (path: string, what: string, signal: AbortSignal): Promise<{ answer: Answer; items: Shown }> => {
    const answer = await http.send({ method: "GET", path, what }, signal);
    const items = shown(answer);
    if (items !== null || answer.status >= 300) return { answer, items };
    const asked = await http.send({ method: "GET", path: `${path}?attributes=members`, what }, signal);
    return { answer, items: asked.status < 300 ? shown(asked) : null };
  };

  const sure: GroupMembers["sure"] = (items, { tier, holders, longest = 0 }) => {
    if (items !== null) return items;
    if (holders <= longest) return [];
    throw unknown(`the licence system does not say who is in the group ${tier}; known to be in it: ${holders}`, {
      hint: "let the agent's credential read `members` of groups; if everybody was taken out by hand, put any one account in again",
    });
  };

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

  const replace = async (
    service: Service,
    group: TierGroup,
    user: string,
    member: boolean,
    what: string,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const path = groupPath(service, group.id);
    for (let tries = 1; ; tries += 1) {
      const { answer: current, items } = await get(path, what, signal);
      if (current.status >= 300) return current;
      // What is not sent is taken out.
      const members = sure(items, { tier: group.tier, holders: options.accounts.usage().get(group.tier) ?? 0 });
      const others = members.filter((item) => valuesOf([item])[0] !== user);
      if (member === others.length < members.length) return current;
      const { meta, ...rest } = current.body ?? {};
      const version = !service.etag ? null : isRecord(meta) && meta["version"] ? String(meta["version"]) : current.etag;
      const body = { ...rest, members: member ? [...members, { value: user }] : others };
      const answer = await http.send({ method: "PUT", path, body, version, what }, signal);
      if ((answer.status !== 412 && answer.status !== 428) || tries > 1) return answer;
    }
  };

  return {
    read: async (group, what, signal) => {
      const service = await connection.service(signal);
      const { answer, items } = await get(groupPath(service, group.id), what, signal);
      if (answer.status >= 300) throw refusal(what, answer);
      return items;
    },
    sure,
    change: async (group, user, member, what, signal) => {
      const service = await connection.service(signal);
      const named = { path: "members", value: [{ value: user }] };
      let answer: Answer | null;
      if (member) {
        answer = await patch(service, group.id, { op: "add", ...named }, what, signal);
      } else {
        answer = await patch(service, group.id, { op: "remove", path: valuePath("members", user) }, what, signal);
        if (answer?.status === 400 && answer.body?.["scimType"] !== "noTarget") {
          // As Entra asks for it, which some services know alone.
          answer = await patch(service, group.id, { op: "remove", ...named }, what, signal);
        }
      }
      if (answer !== null) return answer;
      const turn = last.then(() => replace(service, group, user, member, what, signal));
      last = turn.catch(() => undefined);
      return await turn;
    },
  };
}

function groupPath(service: Service, id: string): string {
  return `${service.groups}/${encodeURIComponent(id)}`;
}
