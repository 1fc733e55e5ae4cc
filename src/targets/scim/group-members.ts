/** The members of one group: by PATCH, or by replacing the group whole where the service knows no PATCH of groups. */
import type { Connection } from "./connection.ts";
import { type Answer, isRecord } from "./errors.ts";
import { valuePath } from "./filter.ts";
import type { Service } from "./service.ts";
import { listOf, valuesOf } from "./user-read.ts";
import { type PatchOperation, patchBody } from "./user-write.ts";

export interface GroupMembers {
  /** Throws what concerns the group: `ERR_TARGET_REFUSED`. */
  read(group: string, what: string, signal: AbortSignal): Promise<readonly unknown[]>;
  /** Puts a user in, or takes one out. The service's answer, whatever it is; that the user was not in it is no refusal. */
  change(group: string, user: string, member: boolean, what: string, signal: AbortSignal): Promise<Answer>;
}

export function createGroupMembers(connection: Connection): GroupMembers {
  const { http } = connection;
  /** A service may know PATCH of users and not of groups. */
  let patches = true;
  /** Groups that are replaced whole are written one after the other. */
  let last: Promise<unknown> = Promise.resolve();

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
    group: string,
    user: string,
    member: boolean,
    what: string,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const path = groupPath(service, group);
    for (let tries = 1; ; tries += 1) {
      const current = await http.send({ method: "GET", path, what }, signal);
      if (current.status >= 300) return current;
      const members = listOf(current.body?.["members"]);
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
      const answer = await connection.ask({ method: "GET", path: groupPath(service, group), what }, signal);
      return listOf(answer.body?.["members"]);
    },
    change: async (group, user, member, what, signal) => {
      const service = await connection.service(signal);
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
