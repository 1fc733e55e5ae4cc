/** Single users: looking them up, making, changing and deleting them. */
import type { RemoteAccount, SeenAccount } from "../../model/remote-account.ts";
import type { TierName } from "../../model/tier.ts";
import { AccountExists } from "./account-errors.ts";
import type { Connection, WayToTier } from "./connection.ts";
import { type Answer, isRecord, refusal, refused } from "./errors.ts";
import { createFinder } from "./find-user.ts";
import type { ScimRequest } from "./http.ts";
import type { Service } from "./service.ts";
import { notFound } from "./still-answers.ts";
import { canonicalId, isObjectId, type Resource } from "./user-read.ts";
import { changedUser, differences, newUser, patchBody, tierOperations, type UserChange } from "./user-write.ts";

/** What is known of an account after it was written. */
export interface Written {
  readonly remoteId: string;
  readonly version: string | null;
  /** The account was there already, and is this person's. */
  readonly found?: SeenAccount;
  /** The account was made, and its tier was not given with it. */
  readonly bare?: boolean;
}

const CHANGING = "changing the account";
/** The account is gone perhaps, or somebody else wrote meanwhile, or the service wants to be sure that nobody did: reading it tells. */
export const LOOK_AGAIN: readonly number[] = [404, 412, 428];
const UNSUPPORTED = [405, 501];

export function userPath(service: Service, remoteId: string): string {
  return `${service.users}/${encodeURIComponent(remoteId)}`;
}

export interface Users {
  /** Null: there is no such user. */
  get(remoteId: string, what: string): Promise<{ user: Resource; version: string | null } | null>;
  /** The one request that creates the account. */
  creation(change: UserChange): ScimRequest;
  /** The one request that makes the change, where it needs no look at the user first; null: it does, or nothing is to be done. */
  shortcut(account: RemoteAccount, change: UserChange): ScimRequest | null;
  /** What was created. Throws `AccountExists` for an account that is nobody's. */
  created(answer: Answer, change: UserChange): Promise<Written>;
  /** What came of `shortcut`, whose answer was a success. Throws `AccountGone`, or that the service shows something else. */
  changed(account: RemoteAccount, change: UserChange, answer: Answer): Promise<Written>;
  /** Throws `AccountGone`. */
  change(account: RemoteAccount, change: UserChange): Promise<Written>;
}

export function createUsers(connection: Connection, service: Service, signal: AbortSignal): Users {
  const { http, learnt } = connection;
  const context = connection.writing(service);
  const versionOf = (answer: Answer): string | null => {
    const meta = answer.body?.["meta"];
    const version = isRecord(meta) ? meta["version"] : null;
    if (!service.etag) return null;
    return typeof version === "string" ? version : answer.etag;
  };

  const get: Users["get"] = async (remoteId, what) => {
    const answer = await http.send({ method: "GET", path: userPath(service, remoteId), what }, signal);
    if (answer.status === 404) return null;
    if (answer.status >= 300) throw refusal(what, answer);
    if (answer.body === null) throw refused(`${what}: the answer is no user`);
    return { user: answer.body, version: versionOf(answer) };
  };

  const gone = (what: string): Promise<Error> => notFound(connection, service, what, signal);

  const find = createFinder(connection, service, signal);

  const send = async (request: ScimRequest): Promise<Answer> => {
    const answer = await http.send(request, signal);
    if (answer.status < 300) learnt.wrote = true;
    return answer;
  };

  /** Looks at the user, and writes what differs. Somebody who writes at the same time is read once more. */
  const changeByLook = async (account: RemoteAccount, change: UserChange): Promise<Written> => {
    const { remoteId } = account;
    const what = CHANGING;
    for (let tries = 1; ; tries += 1) {
      const current = await get(remoteId, what);
      if (current === null) throw await gone(what);
      const { user, version } = current;
      const bears = typeof user["externalId"] === "string" ? canonicalId(user["externalId"]) : null;
      if (isObjectId(bears) && bears !== account.externalId && bears !== change.externalId && change.externalId) {
        throw refused(`${what}: it was bound to ${bears} meanwhile`);
      }
      const next = changedUser(user, change, context);
      const operations = differences(user, next);
      if (operations.length === 0) return { remoteId, version };
      const target = { path: userPath(service, remoteId), version, what };
      const answer = await send(
        usesPatch()
          ? { ...target, method: "PATCH", body: patchBody(operations) }
          : { ...target, method: "PUT", body: replaceable(next, service) },
      );
      if (UNSUPPORTED.includes(answer.status) && usesPatch()) {
        learnt.patch = false;
        continue;
      }
      if (LOOK_AGAIN.includes(answer.status) && tries === 1) continue;
      if (answer.status >= 300) throw refusal(what, answer);
      const wrote = operations.some(({ path }) => path === context.tierAs);
      if (wrote && !(await tookPlace("writes", remoteId, change, answer))) throw notShown(change);
      return changedBy(account, answer);
    }
  };

  const holds = (user: Resource, tier: TierName | null): boolean => {
    const held = connection.read(user)?.tiers ?? [];
    return tier === null ? held.length === 0 : held.length === 1 && held[0] === tier;
  };

  /** Whether the answer shows the tier as it was to be; null: it shows no tier. */
  const showsTier = ({ body }: Answer, { tier }: UserChange): boolean | null => {
    if (tier === undefined || body === null) return null;
    if (Array.isArray(body[context.tierAs])) return holds(body, tier);
    // Attributes without a value are left out of a user (RFC 7643 §2.5).
    return tier === null && typeof body["id"] === "string" ? true : null;
  };

  /**
   * Whether the tier is as it was to be. A service may make an account without it, or spell values in its own way and pick nothing, and
   * say neither that nor what the account holds now: it is looked at once for each way of asking, because a licence that was not given or
   * taken must not count as if it were.
   */
  const tookPlace = async (way: WayToTier, remoteId: string, change: UserChange, answer: Answer): Promise<boolean> => {
    const { tier } = change;
    if (tier === undefined || (way === "creates" && tier === null)) return true;
    const shown = showsTier(answer, change);
    if (shown !== null) return shown;
    const known = learnt.does.get(way);
    // Where there is another way, it is taken without a look; there is none after `writes`.
    if (known === true || (known === false && way !== "writes")) return known;
    const current = await get(remoteId, CHANGING);
    if (current === null) throw await gone(CHANGING);
    const does = holds(current.user, tier);
    learnt.does.set(way, does);
    return does;
  };

  const wayOf = ({ tier }: RemoteAccount): WayToTier => (tier === null ? "adds" : "picks");

  const shortcutTook = async (account: RemoteAccount, change: UserChange, answer: Answer): Promise<boolean> => {
    // Nothing was asked for that could be missing.
    if (change.tier === account.tier && showsTier(answer, change) === null) return true;
    return await tookPlace(wayOf(account), account.remoteId, change, answer);
  };

  const changedBy = ({ remoteId }: RemoteAccount, answer: Answer): Written => ({
    remoteId,
    version: versionOf(answer),
  });
  const usesPatch = (): boolean => service.patch && learnt.patch;

  const shortcut: Users["shortcut"] = (account, { externalId, profile, tier, active }) => {
    if (!usesPatch() || account.irregular || profile !== undefined || externalId !== undefined) return null;
    const operations = tier === undefined ? [] : [...tierOperations(account.tier, tier, context)];
    if (learnt.does.get(wayOf(account)) === false && operations.length > 0) return null;
    if (active !== undefined && service.user.writable("active")) {
      operations.push({ op: "replace", path: "active", value: active });
    }
    if (operations.length === 0) return null;
    const path = userPath(service, account.remoteId);
    const version = service.etag ? account.version : null;
    return { method: "PATCH", path, body: patchBody(operations), version, what: CHANGING };
  };

  return {
    get,
    creation: (change) => ({
      method: "POST",
      path: service.users,
      body: newUser(change, context),
      what: "creating the account",
    }),
    shortcut,
    created: async (answer, change) => {
      const what = "creating the account";
      const { externalId = "", profile } = change;
      const names = { userName: profile?.now.userName ?? "", address: profile?.address ?? "" };
      if (answer.status < 300) {
        const remoteId = answer.body?.["id"] ?? lastSegment(answer.location);
        if (typeof remoteId === "string" && remoteId !== "") {
          const bare = !(await tookPlace("creates", remoteId, change, answer));
          return { remoteId, version: versionOf(answer), bare };
        }
        const made = await find({ externalId, ...names });
        if (made === null) throw refused(`${what} was answered ${answer.status} without an id`);
        return { remoteId: made.remoteId, version: made.version, found: made };
      }
      if (answer.status !== 409) throw refusal(what, answer);
      const found = await find({ externalId, ...names });
      if (found?.externalId === externalId) return { remoteId: found.remoteId, version: found.version, found };
      if (found === null) throw refusal(what, answer);
      throw new AccountExists(found, isObjectId(found.externalId) ? refusal(what, answer) : null);
    },
    change: async (account, change) => {
      const short = shortcut(account, change);
      if (short === null) return changeByLook(account, change);
      const answer = await send(short);
      if (answer.status < 300 && (await shortcutTook(account, change, answer))) return changedBy(account, answer);
      if (answer.status > 400 && ![...LOOK_AGAIN, ...UNSUPPORTED].includes(answer.status))
        throw refusal(CHANGING, answer);
      const written = await changeByLook(account, change);
      // It was the way of asking that was refused, so the next ones are spared it.
      if (answer.status === 400 && answer.body?.["scimType"] !== "noTarget") learnt.does.set(wayOf(account), false);
      return written;
    },
    changed: async (account, change, answer) => {
      if (!(await shortcutTook(account, change, answer))) throw notShown(change);
      return changedBy(account, answer);
    },
  };
}

function notShown({ tier }: UserChange): Error {
  return refused(`${CHANGING}: the licence system took ${tier ?? "no licence"} and then shows something else`);
}

function lastSegment(location: string | null): string | null {
  const segment = location?.split(/[?#]/)[0]?.split("/").at(-1);
  return segment ? decodeURIComponent(segment) : null;
}

/** What may be sent in a PUT: the service keeps the rest by itself (RFC 7644 §3.5.1). */
function replaceable(user: Resource, service: Service): Resource {
  const readOnly = (name: string): boolean =>
    name === "meta" || name === "groups" || !(name.startsWith("urn:") || service.user.writable(name));
  return Object.fromEntries(Object.entries(user).filter(([name]) => !readOnly(name)));
}
