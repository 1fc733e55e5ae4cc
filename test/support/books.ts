/** What a home's database says was done, to compare, and whether it is sound in itself. */
import type { Database } from "../../src/store/database.ts";

/** One person: the account, the state and the event log, without times. */
export interface PersonInBooks {
  readonly address: string | null;
  readonly tier: string | null;
  readonly account: boolean;
  readonly revoked: boolean;
  readonly purged: boolean;
  readonly state: string | null;
  readonly wanted: string | null;
  /** `assigned Pro`, oldest first. */
  readonly events: readonly string[];
}

/** Everybody by object id. */
export function readBooks(database: Database): Record<string, PersonInBooks> {
  const events = new Map<number, string[]>();
  for (const row of database.all("SELECT person, type, tier FROM event ORDER BY id")) {
    const person = row["person"] as number;
    const line = row["tier"] === null ? String(row["type"]) : `${row["type"]} ${row["tier"]}`;
    events.set(person, [...(events.get(person) ?? []), line]);
  }
  const rows = database.all(
    `SELECT p.id, p.object_id, a.address, a.tier, a.id AS account, a.revoked_at, a.purged_at, d.state, d.wanted
     FROM person p LEFT JOIN account a ON a.person=p.id LEFT JOIN decision d ON d.person=p.id
     WHERE a.id IS NOT NULL OR d.person IS NOT NULL ORDER BY p.object_id`,
  );
  return Object.fromEntries(
    rows.map((row) => [
      row["object_id"] as string,
      {
        address: row["address"] as string | null,
        tier: row["tier"] as string | null,
        account: row["account"] !== null,
        revoked: row["revoked_at"] !== null,
        purged: row["purged_at"] !== null,
        state: row["state"] as string | null,
        wanted: row["wanted"] as string | null,
        events: events.get(row["id"] as number) ?? [],
      },
    ]),
  );
}

/** Every row of what a cycle applies, times included: equal only when nothing at all was done. */
export function readRows(database: Database): Record<string, unknown> {
  const tables = ["account", "event", "decision", "hold", "held_action", "ruling"];
  return Object.fromEntries(tables.map((table) => [table, database.all(`SELECT * FROM ${table} ORDER BY 1, 2`)]));
}

/** What is wrong in the books by themselves, whatever led to them; sound books give an empty list. */
export function faultsInBooks(database: Database, seats: Readonly<Record<string, number>>): string[] {
  const faults: string[] = [];
  const check = database.get("PRAGMA integrity_check")?.["integrity_check"];
  if (check !== "ok") faults.push(`the database is damaged: ${check}`);
  for (const row of database.all(
    "SELECT address_key, count(*) AS n FROM account GROUP BY tenant, address_key HAVING n>1",
  )) {
    faults.push(`${row["n"]} accounts have the address ${row["address_key"]}`);
  }
  for (const row of database.all("SELECT person, count(*) AS n FROM account GROUP BY person HAVING n>1")) {
    faults.push(`person ${row["person"]} has ${row["n"]} accounts`);
  }
  for (const [tier, bought] of Object.entries(seats)) {
    const count = (sql: string): number => Number(database.get(sql, tier)?.["n"]);
    const used = count("SELECT count(*) AS n FROM account WHERE tier=?");
    const waiting = count("SELECT count(*) AS n FROM decision WHERE state='waiting' AND queue_tier=?");
    if (used > bought) faults.push(`${used} of ${bought} seats of ${tier} are used`);
    if (used < bought && waiting > 0) faults.push(`${waiting} wait for ${tier} while ${bought - used} seats are free`);
  }
  const books = readBooks(database);
  for (const [id, person] of Object.entries(books)) faults.push(...faultsOf(id, person));
  faults.push(...missingEvents(database, books));
  return faults;
}

/** A person's log, followed from its beginning, leads to what the account is. */
function faultsOf(id: string, { account, tier, purged, revoked, state, wanted, events }: PersonInBooks): string[] {
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(`${id} (${events.join(", ")}): ${text}`);
  let has = false;
  let holds: string | null = null;
  for (const [index, event] of events.entries()) {
    const [type = "", of = null] = event.split(" ");
    if (type === "created" || type === "adopted") {
      if (has) fault("created twice");
      has = true;
    } else if (type === "purged") {
      // A purge deletes the log before it, and the revoke with it.
      if (index > 0) fault("what was before the purge is still there");
      has = true;
    } else if (type === "assigned" || type === "changed") {
      if (!has) fault(`${type} before there was an account`);
      if ((type === "assigned") !== (holds === null)) fault(`${event} while holding ${holds}`);
      if (holds === of) fault(`${event} twice`);
      holds = of;
    } else if (type === "revoked") {
      if (holds !== of) fault(`${event} while holding ${holds}`);
      holds = null;
    }
  }
  if (has !== account) fault(account ? "an account that was never created" : "a log of an account that is not there");
  if (holds !== tier) fault(`the log leads to ${holds}, the account holds ${tier}`);
  if (purged && !revoked) fault("purged without being revoked");
  if ((purged || revoked) && tier !== null) fault("revoked, and yet a licence");
  if (state === "licensed" && tier === null) fault("licensed without a licence");
  if (state === "licensed" && wanted !== tier) fault(`licensed with ${tier}, wants ${wanted}`);
  return faults;
}

/** What the cycles counted is in the logs, but for what purges have deleted. */
function missingEvents(database: Database, books: Readonly<Record<string, PersonInBooks>>): string[] {
  const counted: Record<string, number> = {};
  for (const row of database.all("SELECT actions FROM cycle")) {
    const actions = JSON.parse(row["actions"] as string) as Record<string, number>;
    for (const [kind, number] of Object.entries(actions)) counted[kind] = (counted[kind] ?? 0) + number;
  }
  const people = Object.values(books);
  const accounts = people.filter(({ account }) => account).length;
  const faults: string[] = [];
  const made = (counted["create"] ?? 0) + (counted["adopt"] ?? 0);
  if (made !== accounts) faults.push(`the cycles created ${made} accounts, there are ${accounts}`);
  if ((counted["purge"] ?? 0) > (counted["revoke"] ?? 0)) faults.push("more purges than revokes");
  if ((counted["purge"] ?? 0) > 0) return faults;
  for (const [kind, type] of Object.entries(EVENTS)) {
    const logged = people.flatMap(({ events }) => events).filter((event) => event.split(" ")[0] === type).length;
    if (logged !== (counted[kind] ?? 0))
      faults.push(`the cycles did ${counted[kind]} × ${kind}, the logs say ${logged}`);
  }
  return faults;
}

const EVENTS = { create: "created", assign: "assigned", change: "changed", revoke: "revoked", release: "released" };
