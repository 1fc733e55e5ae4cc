/** Which computer this is, so that a database copied to another one is noticed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";

/** Stable over restarts and renames where the system has an id of its own; 32 hex digits that do not tell that id. */
export function machineId(): string {
  return createHash("sha256")
    .update(`tiersync ${systemId() ?? hostname()}`)
    .digest("hex")
    .slice(0, 32);
}

function systemId(): string | null {
  return process.platform === "win32" ? windowsId() : unixId();
}

function windowsId(): string | null {
  try {
    const key = "HKLM\\SOFTWARE\\Microsoft\\Cryptography";
    const output = execFileSync("reg", ["query", key, "/v", "MachineGuid"], {
      encoding: "utf8",
      timeout: 5000,
      windowsHide: true,
    });
    return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(output)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** machine-id(5) of systemd; dbus has it where systemd is not. */
function unixId(): string | null {
  for (const file of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = readFileSync(file, "utf8").trim();
      if (id !== "") return id;
    } catch {
      // Not on this system: the next one.
    }
  }
  return null;
}
