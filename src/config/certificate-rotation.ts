/** Switching to next certificates while the agent runs. Several tenants may share one certificate: all of them must take its successor first. */
import type { Logger } from "../log.ts";
import { readNextCertificate, switchToNextCertificate } from "./certificate-files.ts";

/** One tenant's view of the next certificate; structurally what the Entra adapter asks for. */
export interface NextCertificateFile {
  readonly read: () => Promise<string | null>;
  readonly accepted: (next: { readonly pem: string; readonly sha1: string }) => Promise<void>;
}

export interface Rotation {
  /** `sharing`: every tenant whose credential is the key file `path`, this one too. */
  of(tenant: string, path: string, sharing: readonly string[]): NextCertificateFile;
}

/** `switches` false: the next certificate may be looked at, and is never put in the present one's place. */
export function createRotation(log: Logger, switches: boolean): Rotation {
  const takers = new Map<string, Set<string>>();
  return {
    of: (tenant, path, sharing) => ({
      read: async () => readNextCertificate(path),
      accepted: async ({ pem, sha1 }) => {
        if (!switches) return;
        const key = `${sha1} ${path}`;
        const taken = takers.get(key) ?? new Set();
        takers.set(key, taken.add(tenant));
        const waiting = sharing.filter((name) => !taken.has(name));
        if (waiting.length > 0) {
          log.debug("tenant {tenant} takes the next certificate; {waiting} not yet", { tenant, waiting });
          return;
        }
        takers.delete(key);
        if (!switchToNextCertificate(path, pem)) return;
        log.info("switched to the next certificate {thumbprint}: Entra has accepted it; the old one may go", {
          tenant,
          thumbprint: sha1,
          file: path,
        });
      },
    }),
  };
}
