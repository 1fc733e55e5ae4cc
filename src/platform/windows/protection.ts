/** Keeping files to their owner on Windows. */
import { mkdirSync } from "node:fs";
import type { Protection } from "../protect.ts";
import { currentUser, readSecurity, writeSecurity } from "./access.ts";
import { protect, unprotect } from "./dpapi.ts";
import { closedFolder } from "./security-descriptor.ts";

export const windowsProtection: Protection = {
  closeFolder(folder) {
    mkdirSync(folder, { recursive: true });
    // A list that inherits nothing was made by us or by somebody who knows: `service install` gives the service its place in it.
    if (/D:\w*P/.test(readSecurity(folder))) return;
    writeSecurity(folder, closedFolder(currentUser().sid, "modify").replace(/^O:BA/, ""));
  },
  /** The folder's list decides; that it may be read here says nothing about others. */
  assertPrivate() {},
  /** New files have the rights that their folder passes on. */
  handOver() {},
  machine: { encrypt: protect, decrypt: unprotect },
};
