/** What is shown of the store: people, their events, cycles, holds. Reads only. */
import type { CycleRecord, Hold } from "../model/cycle.ts";
import { addressKey, type ObjectId } from "../model/directory.ts";
import { PERSON_STATES, type PersonState } from "../model/person.ts";
import type { RuleRef } from "../model/verdict.ts";
import type { EventView, Page, PersonView, ZombieSeat } from "../model/views.ts";
import { type CursorList, cursorOf, readCursor } from "./cursor.ts";
import type { Database, Row, SqlValue } from "./database.ts";
import { readHold } from "./holds.ts";
import { readCycle } from "./journal.ts";
import { containing } from "./search-pattern.ts";

export interface PeopleQuery {
  readonly tenant?: string;
  readonly tier?: string;
  readonly state?: PersonState;
  readonly q?: string;
  readonly limit: number;
  readonly after?: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly after?: string;
}

export interface StoreViews {
  /** Names of the tenants that were ever opened, sorted. */
  tenants(): readonly string[];
  people(query: PeopleQuery): Page<PersonView>;
  /** Everybody whose object id, address or user principal name this is. */
  find(idOrAddress: string, tenant?: string): readonly PersonView[];
  events(tenant: string, id: ObjectId, page: PageRequest): Page<EventView>;
  cycles(page: PageRequest & { readonly tenant?: string }): Page<CycleRecord>;
  cycle(id: string): CycleRecord | null;
  lastCycle(tenant: string): CycleRecord | null;
  holds(tenant?: string): readonly Hold[];
  counts(tenant: string): Record<PersonState, number>;
  /** Seats of people who are gone, oldest first. */
  zombies(tenant: string, limit: number): { readonly seats: readonly ZombieSeat[]; readonly all: number };
}

/**
 * Of a `person` joined as `p` and a `decision` as `d`: decided as gone, and still so. What was read but not decided (a failed cycle) makes
 * nobody look gone.
 */
const GONE = `(d.state IN ('unmanaged', 'conflict') AND (p.deleted=1 OR NOT EXISTS (SELECT 1 FROM member WHERE person=p.id)))`;

/** A decision names an address only where the account does not, and the name is the mirror's. */
const ADDRESS = "coalesce(d.address, a.address, nullif(p.properties->>'mail', ''), p.properties->>'userPrincipalName')";
const DISPLAY_NAME = "nullif(trim(p.properties->>'displayName'), '')";

const PERSON_VIEW = `SELECT d.person AS key, p.object_id, t.name AS tenant, ${ADDRESS} AS address, ${DISPLAY_NAME} AS display_name, d.state,
  d.reason, d.since, d.wanted, d.rule, d.groups, d.purge_at, d.queue_since, a.tier, a.remote_id, a.id AS account,
  (a.tier IS NOT NULL AND ${GONE}) AS zombie
  FROM decision d JOIN person p ON p.id=d.person JOIN tenant t ON t.id=d.tenant LEFT JOIN account a ON a.person=d.person`;

export function createStoreViews(database: Database): StoreViews {
  const view = (rows: readonly Row[]): PersonView[] => {
    const places = rows.some((row) => row["state"] === "waiting") ? queuePlaces(database) : new Map<number, number>();
    return rows.map((row) => readPersonView(row, places.get(row["key"] as number) ?? null));
  };
  return {
    tenants: () => database.all("SELECT name FROM tenant ORDER BY name").map((row) => row["name"] as string),
    people: (query) => {
      const conditions = ["d.person>?"];
      const values: SqlValue[] = [query.after === undefined ? 0 : readCursor("people", query.after)];
      const add = (sql: string, ...more: SqlValue[]): void => {
        conditions.push(sql);
        values.push(...more);
      };
      if (query.tenant !== undefined) add("t.name=?", query.tenant);
      if (query.tier !== undefined) add("a.tier=?", query.tier);
      if (query.state !== undefined) add("d.state=?", query.state);
      if (query.q !== undefined && query.q !== "") {
        const patterns = containing(query.q);
        const either = patterns.flatMap(() => [`${ADDRESS} GLOB ?`, `${DISPLAY_NAME} GLOB ?`]);
        add(
          `(p.object_id=? COLLATE NOCASE OR ${either.join(" OR ")})`,
          query.q,
          ...patterns.flatMap((pattern) => [pattern, pattern]),
        );
      }
      const rows = database.all(
        `${PERSON_VIEW} WHERE ${conditions.join(" AND ")} ORDER BY d.person LIMIT ?`,
        ...values,
        query.limit + 1,
      );
      return page("people", view(rows.slice(0, query.limit)), rows, query.limit);
    },
    find: (idOrAddress, tenant) => {
      const wanted = idOrAddress.trim();
      const rows = database.all(
        `${PERSON_VIEW} WHERE (p.object_id=? COLLATE NOCASE OR d.address_key=? OR d.person IN
           (SELECT id FROM person WHERE properties->>'userPrincipalName'=? COLLATE NOCASE)
           OR a.address_key=?) AND (? IS NULL OR t.name=?) ORDER BY d.person LIMIT 20`,
        wanted,
        addressKey(wanted),
        wanted,
        addressKey(wanted),
        tenant ?? null,
        tenant ?? null,
      );
      const exact = rows.filter((row) => String(row["object_id"]).toLowerCase() === wanted.toLowerCase());
      return view(exact.length > 0 ? exact : rows);
    },
    events: (tenant, id, { limit, after }) => {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : readCursor("events", after);
      const rows = database.all(
        `SELECT e.id AS key, e.at, e.type, e.tier, c.id AS cycle FROM event e JOIN person p ON p.id=e.person JOIN tenant t ON t.id=p.tenant
         LEFT JOIN cycle c ON c.seq=e.cycle WHERE t.name=? AND p.object_id=? AND e.id<? ORDER BY e.id DESC LIMIT ?`,
        tenant,
        id,
        before,
        limit + 1,
      );
      const items = rows.slice(0, limit).map((row) => ({
        at: new Date(row["at"] as number).toISOString(),
        type: row["type"] as string,
        tier: row["tier"] as string | null,
        cycle: row["cycle"] as string | null,
      }));
      return page("events", items, rows, limit);
    },
    cycles: ({ limit, after, tenant }) => {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : readCursor("cycles", after);
      const rows = database.all(
        `SELECT c.*, c.seq AS key, t.name AS tenant_name FROM cycle c JOIN tenant t ON t.id=c.tenant
         WHERE c.seq<? AND (? IS NULL OR t.name=?) ORDER BY c.seq DESC LIMIT ?`,
        before,
        tenant ?? null,
        tenant ?? null,
        limit + 1,
      );
      const items = rows.slice(0, limit).map((row) => readCycle(row, row["tenant_name"] as string));
      return page("cycles", items, rows, limit);
    },
    cycle: (id) => {
      const row = database.get(
        "SELECT c.*, t.name AS tenant_name FROM cycle c JOIN tenant t ON t.id=c.tenant WHERE c.id=?",
        id,
      );
      return row === undefined ? null : readCycle(row, row["tenant_name"] as string);
    },
    lastCycle: (tenant) => {
      const row = database.get(
        `SELECT c.* FROM cycle c JOIN tenant t ON t.id=c.tenant WHERE t.name=? AND c.outcome IS NOT NULL ORDER BY c.seq DESC LIMIT 1`,
        tenant,
      );
      return row === undefined ? null : readCycle(row, tenant);
    },
    holds: (tenant) =>
      database
        .all(
          "SELECT h.*, t.name AS tenant_name FROM hold h JOIN tenant t ON t.id=h.tenant WHERE ? IS NULL OR t.name=? ORDER BY h.since, h.id",
          tenant ?? null,
          tenant ?? null,
        )
        .map((row) => readHold(database, row, row["tenant_name"] as string)),
    counts: (tenant) => {
      const counts = Object.fromEntries(PERSON_STATES.map((state) => [state, 0])) as Record<PersonState, number>;
      for (const row of database.all(
        "SELECT state, count(*) AS people FROM decision WHERE tenant=(SELECT id FROM tenant WHERE name=?) GROUP BY state",
        tenant,
      )) {
        counts[row["state"] as PersonState] = row["people"] as number;
      }
      return counts;
    },
    zombies: (tenant, limit) => {
      const rows = database.all(
        `SELECT p.object_id, coalesce(d.address, a.address) AS address, a.tier, d.since, count(*) OVER () AS seats
         FROM decision d JOIN account a ON a.person=d.person AND a.tier IS NOT NULL JOIN person p ON p.id=d.person
         WHERE d.tenant=(SELECT id FROM tenant WHERE name=?) AND ${GONE}
         ORDER BY d.since, p.object_id LIMIT ?`,
        tenant,
        limit,
      );
      const seats = rows.map((row) => ({
        id: row["object_id"] as string,
        address: row["address"] as string | null,
        tier: row["tier"] as string,
        since: new Date(row["since"] as number).toISOString(),
      }));
      return { seats, all: Number(rows[0]?.["seats"] ?? 0) };
    },
  };
}

function queuePlaces(database: Database): Map<number, number> {
  return new Map(
    database
      .all(
        `SELECT d.person, row_number() OVER (PARTITION BY d.tenant, d.queue_tier ORDER BY d.queue_since, p.object_id) AS place
         FROM decision d JOIN person p ON p.id=d.person WHERE d.queue_tier IS NOT NULL AND d.state='waiting'`,
      )
      .map((row) => [row["person"] as number, row["place"] as number]),
  );
}

function readPersonView(row: Row, position: number | null): PersonView {
  const rule = row["rule"] as string | null;
  const purgeAt = row["purge_at"] as number | null;
  const since = row["state"] === "waiting" ? (row["queue_since"] ?? row["since"]) : row["since"];
  return {
    id: row["object_id"] as string,
    tenant: row["tenant"] as string,
    address: row["address"] as string | null,
    displayName: row["display_name"] as string | null,
    state: row["state"] as PersonState,
    reason: row["reason"] as string,
    tier: row["tier"] as string | null,
    wanted: row["wanted"] as string | null,
    rule: rule === null ? null : (JSON.parse(rule) as RuleRef),
    groups: JSON.parse(row["groups"] as string) as string[],
    since: new Date(since as number).toISOString(),
    purgeAt: purgeAt === null ? null : new Date(purgeAt).toISOString(),
    position,
    // The ledger's accounts have no id of their own besides the row.
    targetId: row["account"] === null ? null : ((row["remote_id"] as string | null) ?? String(row["account"])),
    zombie: row["zombie"] === 1,
  };
}

/** `rows`: one more than `limit` where there are more; each with its key. */
function page<T>(list: CursorList, items: readonly T[], rows: readonly Row[], limit: number): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items, next: last === undefined ? null : cursorOf(list, last["key"] as number) };
}
