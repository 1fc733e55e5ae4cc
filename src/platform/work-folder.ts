/** Temporary folders for what must not outlive its process: those that a killed one left behind are removed by the next. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isAlive } from "./process-alive.ts";

export interface WorkFolder {
  /** Absolute. */
  readonly path: string;
  remove(): void;
}

/** Of this process: an id in a name that is not among them is an earlier process's that had the same one. */
const inUse = new Set<string>();

/** `name`: what the folder is called, before the process id. Only its owner may look into it. */
export function makeWorkFolder(name: string): WorkFolder {
  removeLeftBehind(name);
  const path = mkdtempSync(join(tmpdir(), `${name}-${process.pid}-`));
  inUse.add(path);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
      inUse.delete(path);
    },
  };
}

function removeLeftBehind(name: string): void {
  for (const entry of entries(tmpdir())) {
    const [, pid] = entry.startsWith(`${name}-`) ? (/^-(\d+)-[^-]+$/.exec(entry.slice(name.length)) ?? []) : [];
    const path = join(tmpdir(), entry);
    if (pid === undefined || inUse.has(path)) continue;
    if (Number(pid) !== process.pid && isAlive(Number(pid))) continue;
    try {
      const { uid } = lstatSync(path);
      // What others put there under such a name is none of ours, even for root.
      if (process.getuid === undefined || process.getuid() === uid) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process removes it at this moment, or keeps it open: the next one tries again.
    }
  }
}

/** None where the folder may be written into and not be looked at. */
function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
