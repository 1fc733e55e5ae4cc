/**
 * Before accounts are made: those that somebody made by hand since everything was read, for the very people who are to get one. They are
 * taken into the copy as a whole reading would take them, so that the plan binds them rather than making a second one.
 *
 * Filters are asked where they take fewer requests than the whole list, and are trusted once they have found accounts that are known to be
 * there: a service may know `eq` alone, or leave out in silence what it does not know.
 */
import type { Newcomer } from "../../cycle/ports.ts";
import { AgentError } from "../../errors.ts";
import { addressKey } from "../../model/directory.ts";
import type { SeenAccount } from "../../model/remote-account.ts";
import type { Connection } from "./connection.ts";
import { equals } from "./filter.ts";
import { variants } from "./find-user.ts";
import { readList } from "./list.ts";
import { refreshCopy } from "./refresh.ts";
import type { Service } from "./service.ts";
import { sideBySide } from "./side-by-side.ts";
import type { TierGroups } from "./tier-groups.ts";
import type { Resource } from "./user-read.ts";

const LOOKING = "looking for accounts made by hand";
/** Longest filter as it stands in the URL: some servers take no more than 2048 characters of query. */
const LONGEST = 1800;
/** Accounts looked at for two that a filter must find. */
const SAMPLES = 50;

/** many: as many terms in one filter as fit; single: one term in each, for services that know no `or`. */
type Way = "many" | "single";
const WAYS: readonly Way[] = ["many", "single"];
/** Requests that it takes to trust a way. */
const PROOF: Readonly<Record<Way, number>> = { many: 1, single: 2 };

interface Term {
  readonly attribute: "externalId" | "userName" | "emails.value";
  readonly value: string;
}

export type Look = (
  newcomers: readonly Newcomer[],
  signal: AbortSignal,
) => Promise<"nothing new" | "accounts found" | "all read">;

export function createLook(connection: Connection, groups: TierGroups | null): Look {
  const { accounts, remote, transaction, clock, logger } = connection.options;
  /** What is known of the ways is known for as long as what the service can do. */
  let known: { readonly service: Service; readonly trusted: Set<Way>; readonly useless: Set<Way> } | null = null;

  /** Null: the service does not take these filters, or does not do what they say. */
  const ask = async (
    service: Service,
    way: Way,
    terms: readonly Term[],
    signal: AbortSignal,
  ): Promise<readonly Resource[] | null> => {
    const found = new Map<string, Resource>();
    try {
      await sideBySide(filtersOf(terms, way), async (filter) => {
        const request = { path: service.users, select: "", filter, what: LOOKING };
        for (const [id, user] of await readList(connection, service, request, (one) => one, signal))
          found.set(id, user);
      });
    } catch (error) {
      // Nobody there: the list is not there either. Whatever else is wrong with the service shows when that is read instead.
      if (!(error instanceof AgentError) || signal.aborted || error.facts["network"] === "failed") throw error;
      logger.debug("{what}: {message}", { what: LOOKING, message: error.message });
      return null;
    }
    const users = [...found.values()];
    const asked = users.every((user) => {
      const seen = connection.read(user);
      return seen !== null && terms.some((term) => fits(seen, term));
    });
    return asked ? users : null;
  };

  /** By e-mail address the one, by `externalId` the other, so that neither finds both. Null: there are no two such accounts. */
  const proof = (): { readonly terms: readonly Term[]; readonly ids: readonly string[] } | null => {
    const terms: Term[] = [];
    const ids: string[] = [];
    for (const remoteId of remote.missing(new Set()).slice(-SAMPLES).reverse()) {
      const account = remote.byRemoteId(remoteId);
      const written = account === null ? null : accounts.byKey(account.key);
      // Only what the agent itself has written is sure to be there.
      if (account === null || account.externalId === null || written === null || written.profile === null) continue;
      if (terms.length === 0) terms.push({ attribute: "emails.value", value: written.address });
      else terms.push({ attribute: "externalId", value: account.externalId });
      ids.push(remoteId);
      if (ids.length === 2) return { terms, ids };
    }
    return null;
  };

  const isTrusted = async (service: Service, way: Way, signal: AbortSignal): Promise<boolean> => {
    const due = proof();
    if (due === null) return false;
    const users = await ask(service, way, due.terms, signal);
    return due.ids.every((remoteId) => users?.some(({ id }) => id === remoteId));
  };

  /** Whether any of them is new to the copy, or nobody's in it. */
  const take = async (users: readonly Resource[], signal: AbortSignal): Promise<boolean> => {
    if (users.length === 0) return false;
    await connection.readTiers(signal);
    return transaction(() => {
      // What became of accounts that are somebody's is for the whole reading to say.
      const nobodys = users.flatMap((user) => {
        const seen = connection.read(user);
        return seen === null || (remote.byRemoteId(seen.remoteId)?.person ?? null) !== null ? [] : [seen];
      });
      for (const seen of nobodys) remote.see(seen, { own: new Set(), leave: false });
      remote.bindKnown();
      return nobodys.length > 0;
    });
  };

  return async (newcomers, signal) => {
    const service = await connection.service(signal);
    if (known?.service !== service) known = { service, trusted: new Set(), useless: new Set() };
    const { trusted, useless } = known;
    const terms = newcomers.flatMap(termsOf);
    const pages = Math.ceil(accounts.count() / service.pageSize);
    const failed: Way[] = [];
    for (const way of service.filter ? WAYS : []) {
      const requests = filtersOf(terms, way).length + (trusted.has(way) ? 0 : PROOF[way]);
      if (useless.has(way) || requests >= pages) continue;
      const users =
        trusted.has(way) || (await isTrusted(service, way, signal)) ? await ask(service, way, terms, signal) : null;
      if (users === null) {
        failed.push(way);
        continue;
      }
      trusted.add(way);
      for (const other of failed) useless.add(other);
      return (await take(users, signal)) ? "accounts found" : "nothing new";
    }
    await refreshCopy(connection, groups, { unsettled: [], now: clock.now() }, signal, true);
    // Only now it is sure that the filters were to blame.
    for (const way of failed) useless.add(way);
    return "all read";
  };
}

/** Whatever binds an account to the person: see `AccountStore.unbound`. */
function termsOf({ user, userName, address }: Newcomer): readonly Term[] {
  const names = variants(userName ?? undefined, address ?? undefined);
  return [
    // Compared letter by letter (RFC 7643 §7), and not everybody writes GUIDs as Entra does.
    ...[user, user.toUpperCase()].map((value): Term => ({ attribute: "externalId", value })),
    ...names.map((value): Term => ({ attribute: "userName", value })),
    ...names.map((value): Term => ({ attribute: "emails.value", value })),
  ];
}

function fits({ externalId, userName, emails }: SeenAccount, { attribute, value }: Term): boolean {
  const key = addressKey(value);
  const held = attribute === "externalId" ? [externalId ?? ""] : attribute === "userName" ? [userName] : emails;
  return held.some((one) => addressKey(one) === key);
}

function filtersOf(terms: readonly Term[], way: Way): readonly string[] {
  const filters: string[] = [];
  for (const { attribute, value } of terms) {
    const term = equals(attribute, value);
    const last = filters.at(-1);
    const joined = `${last} or ${term}`;
    if (way === "single" || last === undefined || encodeURIComponent(joined).length > LONGEST) filters.push(term);
    else filters[filters.length - 1] = joined;
  }
  return filters;
}
