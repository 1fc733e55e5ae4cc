/**
 * Where a certificate, its successor and its predecessor lie, and how the successor takes its place:
 *
 *   contoso.pem  contoso.crt             the present one
 *   contoso.next.pem  contoso.next.crt   made by `cert rotate`, tried each cycle, gone once it is the present one
 *   contoso.old.pem  contoso.old.crt     what was present until the last switch
 *
 * `.pem` holds key and certificate; `.crt` the certificate alone, for uploading.
 */
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { AgentError } from "../errors.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { readProtectedText, writeProtected } from "../platform/protect.ts";

export interface CertificateFiles {
  readonly key: string;
  readonly certificate: string;
}

export type CertificateRole = "present" | "next" | "old";

/** `path`: the present key file, as `credential.certificate` names it. */
export function certificateFiles(path: string): Readonly<Record<CertificateRole, CertificateFiles>> {
  const stem = path.replace(/\.pem$/i, "");
  const files = (infix: string): CertificateFiles => ({
    key: `${stem}${infix}.pem`,
    certificate: `${stem}${infix}.crt`,
  });
  return { present: { ...files(""), key: path }, next: files(".next"), old: files(".old") };
}

/** PEM text of the next key and certificate; null when there is none. Throws `ERR_SECRET`. */
export function readNextCertificate(path: string): string | null {
  const { key } = certificateFiles(path).next;
  return existsSync(key) ? readProtectedText(key) : null;
}

/**
 * Makes the next certificate the present one, and keeps what was present as the old one. Whoever reads sees one or the other, and a
 * kill in between leaves nothing that the next try would not mend. False: the next one is not `pem` any more. Throws `ERR_PLATFORM`.
 */
export function switchToNextCertificate(path: string, pem: string): boolean {
  const { present, next, old } = certificateFiles(path);
  if (readNextCertificate(path) !== pem) return false;
  try {
    const before = presentText(path);
    if (before !== null && before !== pem) {
      writeProtected(old.key, before);
      const certificate = certificateOf(before);
      if (certificate !== null) writeFileAtomic(old.certificate, certificate);
    }
    writeFileAtomic(present.certificate, certificateOf(pem) ?? readFileSync(next.certificate, "utf8"));
    renameSync(next.key, present.key); // the switch
    rmSync(next.certificate, { force: true });
    return true;
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new AgentError("ERR_PLATFORM", `${next.key} cannot be put in the place of ${present.key} (${errno})`, {
      hint: "give the agent's account write access to the folder",
      cause: error,
    });
  }
}

/** Null: it cannot be read, so there is nothing worth keeping. */
function presentText(path: string): string | null {
  try {
    return readProtectedText(path);
  } catch {
    return null;
  }
}

/** The first certificate in a PEM text, without the key. */
function certificateOf(pem: string): string | null {
  const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0];
  return block === undefined ? null : `${block}\n`;
}
