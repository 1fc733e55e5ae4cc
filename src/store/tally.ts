/** How many accounts hold which tier: counted once, then kept along, so that a cycle costs the same whatever the number of accounts. */
import type { TierName } from "../model/tier.ts";
import type { Database, SqlValue } from "./database.ts";

export interface Tally {
  /** Accounts by tier held. */
  used(): ReadonlyMap<TierName, number>;
  /** Accounts in all. */
  accounts(): number;
  /** An account that held `from` (undefined: that was not there) holds `to`. */
  moved(from: TierName | null | undefined, to: TierName | null): void;
  /** Something else changed accounts: they are counted afresh when they are asked for. */
  forget(): void;
}

const tallies = new WeakMap<Database, Map<number, Tally>>();

/** The one tally of a tenant in this database: a store that is opened anew under another name goes on with it. */
export function tallyOf(database: Database, tenant: number): Tally {
  const known = tallies.get(database) ?? new Map<number, Tally>();
  tallies.set(database, known);
  const tally = known.get(tenant) ?? createTally(database, tenant);
  known.set(tenant, tally);
  return tally;
}

function createTally(database: Database, tenant: number): Tally {
  let known: Map<TierName | null, number> | null = null;
  let countedAt: SqlValue = null;
  database.onRollback(() => {
    known = null;
  });
  const holders = (): Map<TierName | null, number> => {
    // `accounts revoke` takes a licence beside a running agent, and its seat is free at once ("PRAGMA data_version").
    const version = database.get("PRAGMA data_version")?.["data_version"] ?? null;
    if (known !== null && version === countedAt) return known;
    const rows = database.all("SELECT tier, count(*) AS people FROM account WHERE tenant=? GROUP BY tier", tenant);
    const counted = new Map(rows.map((row) => [row["tier"] as string | null, row["people"] as number]));
    known = counted;
    countedAt = version;
    return counted;
  };
  const add = (tier: TierName | null, people: number): void => {
    if (known !== null) known.set(tier, (known.get(tier) ?? 0) + people);
  };
  return {
    used: () => {
      const used = new Map<TierName, number>();
      for (const [tier, people] of holders()) if (tier !== null && people > 0) used.set(tier, people);
      return used;
    },
    accounts: () =>
      holders()
        .values()
        .reduce((sum, people) => sum + people, 0),
    moved: (from, to) => {
      if (from !== undefined) add(from, -1);
      add(to, 1);
    },
    forget: () => {
      known = null;
    },
  };
}
