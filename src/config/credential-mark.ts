/** Whether somebody has put a new credential in place: what a failing tenant waits for. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { resolvePath } from "./paths.ts";
import type { SecretRef } from "./secrets.ts";
import type { TenantConfig } from "./types.ts";

/** Another text when a file was written anew that the tenant's credentials are in; it tells nothing of their content. */
export function credentialMark({ credential, target }: TenantConfig, home: string): string {
  const paths = credential.kind === "certificate" ? [credential.path] : pathOf(credential.secret, home);
  if (target.kind === "scim") {
    const { auth } = target;
    paths.push(...pathOf(auth.kind === "token" ? auth.token : auth.clientSecret, home));
  }
  return paths.map(fileMark).join();
}

function pathOf(ref: SecretRef, home: string): string[] {
  if (ref.kind === "file") return [resolvePath(home, ref.path)];
  return ref.kind === "secret" ? [join(home, "keys", `${ref.name}.secret`)] : [];
}

function fileMark(path: string): string {
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    return file === undefined ? "none" : `${file.ino} ${file.size} ${file.mtimeMs}`;
  } catch (error) {
    // The cycle says why it cannot be read; once it can, the mark is another one.
    return String((error as NodeJS.ErrnoException).code);
  }
}
