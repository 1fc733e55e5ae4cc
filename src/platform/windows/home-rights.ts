/**
 * Who may do what in the home folder of a service: its account reads the executable, configuration and rules, and changes data,
 * logs and keys. Whoever else can write there could make the service run what they like, so that is closed or refused.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { AgentError } from "../../errors.ts";
import { readSecurity, writeSecurity } from "./access.ts";
import { closedFolder, type Grant, openToService, ordinaryWriters, withReader } from "./security-descriptor.ts";

/** What the service only reads, and what it writes; inside home. */
const READ = ["tiersync.yaml", "rules"];
const MODIFY = ["data", "logs", "keys"];

export interface HomeRights {
  readonly home: string;
  /** Absolute path of the executable. */
  readonly program: string;
  /** SID of the service's account. */
  readonly service: string;
  /** SID of the administrator at work. */
  readonly administrator: string;
}

/** Refuses, with `ERR_PLATFORM`, a place where ordinary users could swap the home folder or the executable for another. */
export function assertSafePlace({ home, program, administrator }: HomeRights): void {
  for (const name of ["", ...READ, ...MODIFY]) {
    const path = join(home, name);
    if (existsSync(path) && lstatSync(path).isSymbolicLink()) {
      throw new AgentError("ERR_PLATFORM", `${path} is a link to another place`, {
        hint: "use a real folder: rights that are set on a link would land elsewhere",
      });
    }
  }
  const outside = resolve(dirname(program)).toLowerCase() !== resolve(home).toLowerCase();
  const folders = [...parents(home), ...(outside ? [dirname(program), ...parents(dirname(program))] : [])];
  for (const folder of folders) {
    // Anyone may add a folder to the root of a drive, but not replace one that is there.
    const ability = folder === parse(folder).root ? "replace" : "write";
    const who = ordinaryWriters(readSecurity(folder), { ability, trusted: [administrator] });
    if (who.length === 0) continue;
    throw new AgentError("ERR_PLATFORM", `${folder} can be written into by ordinary users (${who.join(", ")})`, {
      hint: "move tiersync to a folder under C:\\Program Files, or directly below C:\\",
      facts: { folder },
    });
  }
}

function parents(folder: string): string[] {
  const parent = dirname(resolve(folder));
  return parent === resolve(folder) ? [] : [parent, ...parents(parent)];
}

/** Sets the rights. Gives a line for each thing done. Throws `ERR_PLATFORM`. */
export function setHomeRights({ home, program, service, administrator }: HomeRights): string[] {
  const done: string[] = [];
  const before = readSecurity(home);
  const trusted = [administrator, service];
  if (ordinaryWriters(before, { ability: "write", inherited: true, trusted }).length > 0) {
    writeSecurity(home, closedFolder(service, "read"));
    assertClosed(home, trusted);
    done.push(`${home}: closed to ordinary users, who could write into it`);
  } else {
    writeSecurity(home, withReader(before, service));
  }
  for (const path of [program, ...READ.map((name) => join(home, name))]) {
    if (!existsSync(path)) continue;
    openTree(path, service, "read");
    done.push(`${path}: readable by the service`);
  }
  for (const path of MODIFY.map((name) => join(home, name))) {
    mkdirSync(path, { recursive: true });
    writeSecurity(path, closedFolder(service, "modify"));
    for (const name of readdirSync(path)) openTree(join(path, name), service, "modify");
    done.push(`${path}: for the service, administrators and the system only`);
  }
  return done;
}

/** FAT and some network shares take rights without a word and keep none. */
function assertClosed(home: string, trusted: readonly string[]): void {
  const who = ordinaryWriters(readSecurity(home), { ability: "write", trusted });
  if (who.length === 0) return;
  throw new AgentError("ERR_PLATFORM", `${home} can still be written into by ordinary users (${who.join(", ")})`, {
    hint: "this file system keeps no access rights: use a folder on an NTFS disk",
    facts: { folder: home },
  });
}

function openTree(path: string, service: string, grant: Grant): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return; // what it points to is not ours
  writeSecurity(path, openToService(service, grant, entry.isDirectory() ? "folder" : "file"));
  if (entry.isDirectory()) for (const name of readdirSync(path)) openTree(join(path, name), service, grant);
}
