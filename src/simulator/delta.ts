/** `/users/delta`, `/groups/delta` and `/directoryObjects/delta`: tokens, rounds and pages. */
import { type DeltaQuery, type DeltaResource, parseDeltaQuery, registeredQuery, registerQuery } from "./delta-query.ts";
import { changedEntries, type DeltaEntry, initialEntries, type RoundTwists } from "./delta-round.ts";
import type { ObjectKind } from "./directory-objects.ts";
import { contextOf, type Exchange, requireRole } from "./exchange.ts";
import { faultOf } from "./faults.ts";
import { badRequest, GraphFailure } from "./graph-error.ts";
import { firstAfter, idsInOrder } from "./object-list.ts";
import { parseQuery } from "./query.ts";
import { seal, unseal } from "./sealed-token.ts";

/** How long Graph keeps a directory delta token. */
const TOKEN_DAYS = 7;

interface Token {
  readonly tenant: string;
  readonly generation: number;
  readonly query: number;
  /** When it was given; epoch milliseconds. */
  readonly at: number;
  /** Null in a deltaLink: a new round begins at `to`. */
  readonly round: Round | null;
  readonly to: number;
}

interface Round {
  /** Where the round began in the log; null: initial round. */
  readonly from: number | null;
  readonly twists: RoundTwists;
  readonly minimal: boolean;
  /** Initial: ordinal of the last object that is complete. Incremental: entries given. */
  readonly done: number;
  /** Initial: entries of the next object that were given already. */
  readonly part: number;
  /** Nothing but the deltaLink is left. */
  readonly over: boolean;
}

const ROLES: Readonly<Record<DeltaResource, readonly (readonly string[])[]>> = {
  users: [["User.Read.All", "Directory.Read.All"]],
  groups: [["Group.Read.All", "GroupMember.Read.All", "Directory.Read.All"]],
  directoryObjects: [
    ["User.Read.All", "Directory.Read.All"],
    ["Group.Read.All", "Directory.Read.All"],
  ],
};

export function readDelta(exchange: Exchange, resource: DeltaResource): string {
  for (const anyOf of ROLES[resource]) requireRole(exchange, ...anyOf);
  const query = parseQuery(exchange.url, ["$select", "$filter", "$deltatoken", "$skiptoken"]);
  const { tenant } = exchange;
  const visible = Math.min(tenant.log.last, tenant.log.lastAt(tenant.clock.now() - tenant.replicationDelay));
  const given = query.skipToken ?? query.deltaToken;
  if (given !== null && given !== "latest") {
    if ([...exchange.url.searchParams].length > 1) throw badRequest("A delta token allows no other query options.");
    const token = openToken(exchange, resource, given);
    const tracked = registeredQuery(tenant, token.query);
    if (!tracked) throw badRequest("Badly formed token.");
    return renderRound(
      exchange,
      tracked,
      token.query,
      token.round ?? beginRound(exchange, token.to),
      token.round ? token.to : visible,
    );
  }
  const tracked = parseDeltaQuery(resource, query);
  const number = registerQuery(tenant, tracked);
  if (given === "latest")
    return render(exchange, tracked, [], {
      tenant: tenant.id,
      ...stamp(exchange),
      query: number,
      round: null,
      to: visible,
    });
  return renderRound(exchange, tracked, number, beginRound(exchange, null), visible);
}

function stamp(exchange: Exchange): Pick<Token, "generation" | "at"> {
  return { generation: exchange.tenant.deltaGeneration, at: exchange.tenant.clock.now() };
}

function openToken(exchange: Exchange, resource: DeltaResource, text: string): Token {
  const { tenant } = exchange;
  const token = unseal(text) as Token | null;
  const tracked = token?.tenant === tenant.id ? registeredQuery(tenant, token.query) : null;
  if (!token || tracked?.resource !== resource) throw badRequest("Badly formed token.");
  if (token.generation !== tenant.deltaGeneration) {
    const search = [tracked.search, "$deltatoken="].filter(Boolean).join("&");
    const headers = { Location: `${exchange.origin}/v1.0/${resource}/delta?${search}` };
    throw new GraphFailure(410, "resyncRequired", "Resync required. Restart from the address in Location.", headers);
  }
  const expired = tenant.clock.now() - token.at > TOKEN_DAYS * 86_400_000;
  if (expired || !tenant.log.reaches(token.round?.from ?? token.to)) {
    const message =
      "The sync state generation is not found. The delta token is expired and data must be synchronized again.";
    throw new GraphFailure(400, "syncStateNotFound", message);
  }
  return token;
}

/** What is twisted stays so on every page of the round. */
function beginRound(exchange: Exchange, from: number | null): Round {
  const { faults } = exchange;
  const replay = faultOf(faults, "deltaReplay")?.changes ?? 0;
  const twists: RoundTwists = {
    duplicate: faultOf(faults, "deltaDuplicate") !== null,
    reverse: faultOf(faults, "deltaReverse") !== null,
    raw: faultOf(faults, "deltaRawOperations") !== null,
    formerMembers: faultOf(faults, "deltaRemovedMembers") !== null,
    restoreUnreported: faultOf(faults, "restoreUnreported") !== null,
  };
  const minimal = /\breturn=minimal\b/i.test(exchange.headers.get("Prefer") ?? "");
  const begin = from === null ? null : Math.max(0, from - replay);
  return { from: begin, twists, minimal, done: 0, part: 0, over: false };
}

function renderRound(exchange: Exchange, query: DeltaQuery, number: number, round: Round, to: number): string {
  const base = { tenant: exchange.tenant.id, ...stamp(exchange), query: number, to };
  if (faultOf(exchange.faults, "emptyPage")) return render(exchange, query, [], { ...base, round });
  const steps =
    round.from === null ? initialSteps(exchange, query, round) : changeSteps(exchange, query, round, round.from, to);
  const page = takePage(exchange, round, round.over ? [] : steps);
  // Observed: a filtered first answer has a nextLink even when nothing follows but the deltaLink.
  const oneMore = page.next === null && round.from === null && query.ids !== null && !round.over;
  return render(exchange, query, page.entries, { ...base, round: oneMore ? { ...round, over: true } : page.next });
}

interface RoundPage {
  readonly entries: readonly DeltaEntry[];
  /** Null: the round is complete. */
  readonly next: Round | null;
}

/** An entry, and the place in the round after it. */
interface Step {
  readonly entry: DeltaEntry;
  readonly done: number;
  readonly part: number;
}

/** As many as one page takes; at least one. */
function takePage(exchange: Exchange, round: Round, steps: Iterable<Step>): RoundPage {
  const { delta, memberSlice } = exchange.pageSizes;
  const entries: DeltaEntry[] = [];
  let members = 0;
  let place = { done: round.done, part: round.part };
  for (const { entry, done, part } of steps) {
    if (entries.length >= delta || members >= memberSlice) return { entries, next: { ...round, ...place } };
    entries.push(entry);
    members += entry.members;
    place = { done, part };
  }
  return { entries, next: null };
}

function* changeSteps(exchange: Exchange, query: DeltaQuery, round: Round, from: number, to: number): Iterable<Step> {
  const entries = changedEntries(exchange, query, { from, to }, round.twists, round.minimal);
  for (const [index, entry] of entries.entries()) if (index >= round.done) yield { entry, done: index + 1, part: 0 };
}

function* initialSteps(exchange: Exchange, query: DeltaQuery, round: Round): Iterable<Step> {
  const { tenant } = exchange;
  const kinds = Object.keys(query.select) as ObjectKind[];
  const ids = idsInOrder(tenant, `delta ${kinds.join()}`, function* () {
    for (const object of tenant.objects.values()) if (kinds.includes(object.kind)) yield object.id;
  });
  let { done, part } = round;
  for (let index = firstAfter(tenant, ids, done); index < ids.length; index += 1) {
    const object = tenant.require(ids[index] ?? "");
    if (query.ids && !query.ids.has(object.id)) continue;
    const entries = initialEntries(exchange, query, object, round.twists);
    for (const [number, entry] of entries.entries()) {
      if (number < part) continue;
      const last = number + 1 === entries.length;
      yield { entry, done: last ? object.ordinal : done, part: last ? 0 : number + 1 };
    }
    done = object.ordinal;
    part = 0;
  }
}

function render(exchange: Exchange, query: DeltaQuery, entries: readonly DeltaEntry[], token: Token): string {
  const name = token.round ? "nextLink" : "deltaLink";
  const option = token.round ? "$skiptoken" : "$deltatoken";
  const link = `${exchange.origin}/v1.0/${query.resource}/delta?${option}=${seal(token)}`;
  const context = contextOf(exchange, query.resource, null);
  return `{${context},"@odata.${name}":${JSON.stringify(link)},"value":[${entries.map(({ json }) => json).join(",")}]}`;
}
