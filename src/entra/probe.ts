/** Single checks of credential, rights and groups, for `tiersync check`. Nothing is kept. */
import type { GroupRef } from "../cycle/ports.ts";
import { type AgentError, toAgentError } from "../errors.ts";
import type { DirectoryGroup } from "../model/directory.ts";
import { connect } from "./connection.ts";
import { parseMember } from "./entries.ts";
import type { EntraOptions } from "./options.ts";
import { readPages } from "./pages.ts";
import { membersPath } from "./reader.ts";
import { resolveGroup } from "./scope.ts";
import { grantedRoles } from "./token.ts";

/** Application permissions the agent needs. */
export const REQUIRED_ROLES = [
  "Group.Read.All",
  "GroupMember.Read.All",
  "MailboxSettings.Read",
  "User.Read.All",
] as const;

export type Probe<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: AgentError };

export interface TokenProbe {
  /** Null: the token cannot be decoded, so nothing can be said (Microsoft calls it opaque). */
  readonly roles: readonly string[] | null;
  readonly missing: readonly string[];
  /** Granted beyond what is needed. */
  readonly excess: readonly string[];
  /** Entra's clock minus this computer's; ms, null: not told. */
  readonly skew: number | null;
}

/** Whether Entra takes the next certificate; `error`: why not, null when it does. */
export interface NextProbe {
  /** Hex SHA-1; null when the certificate cannot be read. */
  readonly thumbprint: string | null;
  readonly error: AgentError | null;
}

export interface EntraProbe {
  /** Null: there is no next certificate. Switches nothing. */
  next(signal: AbortSignal): Promise<NextProbe | null>;
  /** Fetches a token. `mailboxes`: whether mailbox settings are read, so that their permission counts as needed. */
  token(options: { readonly mailboxes: boolean; readonly signal: AbortSignal }): Promise<Probe<TokenProbe>>;
  /** Finds a group by name or id. */
  group(ref: GroupRef, signal: AbortSignal): Promise<Probe<DirectoryGroup>>;
  /** The groups that are direct members of a group, the parent group above all. */
  memberGroups(group: DirectoryGroup, signal: AbortSignal): Promise<Probe<readonly DirectoryGroup[]>>;
}

export function createEntraProbe(options: EntraOptions): EntraProbe {
  const { tokens, reader } = connect(options);
  return {
    next: async (signal) => {
      const made = await tokens.offerNext({ what: "trying the next certificate", signal, deadline: null });
      if (made.kind === "none") return null;
      const error = made.kind === "taken" ? null : made.error;
      return { thumbprint: made.kind === "failed" ? null : made.sha1, error };
    },
    token: ({ mailboxes, signal }) =>
      attempt(async () => {
        const roles = grantedRoles(await tokens.get({ what: "fetching a token", signal, deadline: null }));
        const needed = REQUIRED_ROLES.filter((role) => mailboxes || role !== "MailboxSettings.Read");
        const missing = roles === null ? [] : needed.filter((role) => !roles.includes(role));
        const excess = (roles ?? []).filter((role) => !needed.some((wanted) => wanted === role));
        return { roles, missing, excess, skew: tokens.skew() };
      }),
    group: (ref, signal) =>
      attempt(() => resolveGroup(reader.client, ref, { what: "looking for the group", signal, deadline: null })),
    memberGroups: (group, signal) =>
      attempt(async () => {
        const call = { what: `reading the members of group ${group.id}`, signal, deadline: null };
        const groups: DirectoryGroup[] = [];
        for await (const page of readPages(reader.client, membersPath(group.id, ["id"]), call, reader.limits.pages)) {
          for (const item of page.items) {
            const member = parseMember(item, ["id"], call.what);
            if (member.kind === "group") groups.push(member.group);
          }
        }
        return groups;
      }),
  };
}

async function attempt<T>(work: () => Promise<T>): Promise<Probe<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toAgentError(error) };
  }
}
