/** Are the home folder's parts safe and usable? */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { CheckResult } from "../../model/views.ts";
import { readProtected } from "../../platform/protect.ts";
import { assertVisible } from "../../platform/readable.ts";
import { fail, failed, ok } from "./result.ts";

const ID = "home.permissions";

export function checkHomeFolder(home: string): CheckResult[] {
  const bad = [...checkKeys(join(home, "keys")), ...checkWritable(home)];
  return bad.length > 0 ? bad : [ok(ID, null, "keys/ is for the owner only; data/ and logs/ can be written")];
}

/** Certificates to upload (`.crt`) are public. */
function checkKeys(folder: string): CheckResult[] {
  try {
    assertVisible(join(folder, "api.token"));
  } catch (error) {
    return [failed(ID, null, error)];
  }
  if (!existsSync(folder)) return [];
  const { mode } = statSync(folder);
  const open =
    process.platform !== "win32" && (mode & 0o077) !== 0
      ? [
          fail(
            ID,
            null,
            `${folder} is open to other accounts (mode ${(mode & 0o777).toString(8)})`,
            `chmod 700 '${folder}'`,
          ),
        ]
      : [];
  return [
    ...open,
    ...readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".crt"))
      .flatMap(({ name }) => {
        try {
          readProtected(join(folder, name));
          return [];
        } catch (error) {
          return [failed(ID, null, error)];
        }
      }),
  ];
}

/** What is not there yet is made at the first start, in the home folder. */
function checkWritable(home: string): CheckResult[] {
  const paths = new Set(["data", "logs"].map((name) => (existsSync(join(home, name)) ? join(home, name) : home)));
  return [...paths].flatMap((path) => {
    try {
      accessSync(path, constants.W_OK);
      return [];
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
      return [fail(ID, null, `${path} cannot be written (${errno})`, "give the agent's account write access to it")];
    }
  });
}
