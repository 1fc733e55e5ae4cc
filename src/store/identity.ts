/**
 * Whether the database is the one last seen here. A restored backup has forgotten what was done since, and one from another machine may
 * be in use there: what such a database proposes to change or take is held for a person to look at.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { AgentError } from "../errors.ts";
import type { Database } from "./database.ts";
import { fileAt } from "./file-at.ts";
import { createMeta } from "./meta.ts";
import { fileErrors } from "./store-errors.ts";

/** same: go on; older: an earlier state than the last one seen here; foreign: made on another machine. */
export type Identity = "same" | "older" | "foreign";

export interface DatabaseIdentity {
  readonly identity: Identity;
  /** Whether this tenant has not yet been synchronised since the database was found to be older or foreign. */
  suspicious(tenant: string): boolean;
  /**
   * Counts what is about to be done, or was done since the last time: here and in the file beside the database. A copy made before, put in
   * the database's place, is noticed from then on. Throws `ERR_STORE` when another file is in the place of the
   * database by now: what is written into the one that was opened would be lost.
   */
  stamp(): void;
  /** This tenant was read and planned afresh. */
  trust(tenant: string): void;
  /** This machine goes on with the database from now on. */
  takeOver(): void;
}

export interface IdentityOptions {
  readonly database: Database;
  /** Where the database is; `:memory:`: nowhere. */
  readonly place: string;
  /** Remembers the last state seen here; beside the database, but not part of it. */
  readonly file: string;
  readonly machine: string;
}

export function readIdentity({ database, place, file, machine }: IdentityOptions): DatabaseIdentity {
  const opened = fileAt(place);
  const meta = createMeta(database);
  const generation = (): number => Number(meta.read("generation") ?? 0);
  const owner = meta.read("machine");
  if (owner === null && !database.readOnly) meta.write("machine", machine);
  const identity: Identity =
    owner !== null && owner !== machine ? "foreign" : generation() < lastSeen(file) ? "older" : "same";
  // Remembered in the database: a crash before the next good cycle must not make it look right.
  if (identity === "older" && !database.readOnly) {
    meta.write("doubt", String(Number(meta.read("doubt") ?? 0) + 1));
    meta.write("generation", String(lastSeen(file)));
  }
  const doubt = (): string => `${meta.read("machine")}/${machine} ${meta.read("doubt") ?? 0}`;
  const clean = `${machine}/${machine} 0`;
  return {
    identity,
    suspicious: (tenant) => doubt() !== clean && meta.read(`trusted ${tenant}`) !== doubt(),
    stamp: () => {
      if (fileAt(place) !== opened) {
        throw new AgentError("ERR_STORE", `the database ${place} was taken away or replaced under the running agent`, {
          hint: "restart the agent: it goes on with the file that is there then",
        });
      }
      const next = database.transaction(() => {
        const counted = generation() + 1;
        meta.write("generation", String(counted));
        return counted;
      });
      remember(file, next);
    },
    trust: (tenant) => {
      if (doubt() !== clean) meta.write(`trusted ${tenant}`, doubt());
    },
    takeOver: () => {
      // What was not trusted yet stays so: the owner changes, the doubt grows.
      if (meta.read("machine") === machine) return;
      meta.write("machine", machine);
      meta.write("doubt", String(Number(meta.read("doubt") ?? 0) + 1));
    },
  };
}

function lastSeen(file: string): number {
  try {
    const { generation } = JSON.parse(readFileSync(file, "utf8")) as { generation?: unknown };
    return typeof generation === "number" ? generation : 0;
  } catch {
    // No such file: nothing was ever seen here.
    return 0;
  }
}

function remember(file: string, generation: number): void {
  fileErrors(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // A command beside a running agent counts, too.
    const own = `${file}.${process.pid}.new`;
    writeFileSync(own, `${JSON.stringify({ generation })}\n`);
    renameSync(own, file);
  });
}
