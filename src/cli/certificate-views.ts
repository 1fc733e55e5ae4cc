/** Certificates as `cert new`, `cert rotate` and `cert show` tell of them. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { type CertificateRole, certificateFiles } from "../config/certificate-files.ts";
import { isInside } from "../config/paths.ts";
import { readCertificate } from "../entra/certificate.ts";
import { toAgentError } from "../errors.ts";
import { counted } from "../model/counted.ts";
import { daysLeft } from "../model/days.ts";
import { readProtectedText } from "../platform/protect.ts";

export interface CertificateFacts {
  /** Hex SHA-1, as the Entra portal shows it. */
  readonly thumbprint: string;
  readonly thumbprintSha256: string;
  readonly expiresAt: string;
  readonly daysLeft: number;
}

export interface CertificateView extends CertificateFacts {
  readonly name: string;
  readonly role: CertificateRole;
  readonly keyFile: string;
  readonly certificateFile: string;
}

export interface ShownView extends CertificateView {
  /** Those whose credential it is according to tiersync.yaml. */
  readonly tenants: readonly string[];
}

export interface UnreadableView extends Pick<ShownView, "name" | "role" | "keyFile" | "tenants"> {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** A key file in keys/ or one that tiersync.yaml names. */
export interface KnownCertificate {
  readonly name: string;
  readonly role: CertificateRole;
  /** Absolute. */
  readonly path: string;
  readonly tenants: readonly string[];
}

/** By name; present, next, old. */
export async function knownCertificates(home: string): Promise<KnownCertificate[]> {
  const users = await configuredCertificates(home);
  const paths = [...new Set([...keyFiles(home), ...users.keys()])].sort();
  const successors = new Set<string>();
  const all = paths.flatMap((path): KnownCertificate[] => {
    const name = basename(path, ".pem");
    const tenants = users.get(path) ?? [];
    const { next, old } = certificateFiles(path);
    const beside = (["next", "old"] as const).flatMap((role) => {
      const { key } = role === "next" ? next : old;
      if (!existsSync(key) || users.has(key)) return [];
      successors.add(key);
      return [{ name, role, path: key, tenants }];
    });
    return [{ name, role: "present", path, tenants }, ...beside];
  });
  return all.filter(({ role, path }) => role !== "present" || !successors.has(path));
}

function keyFiles(home: string): string[] {
  const folder = join(home, "keys");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => (file.endsWith(".pem") ? join(folder, file) : []));
}

/** Absolute path → names of the tenants that use it. A broken tiersync.yaml names none. */
async function configuredCertificates(home: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { loadConfig } = await import("../config/load.ts");
  const users = new Map<string, string[]>();
  for (const { name, credential } of loadConfig(home).value?.tenants ?? []) {
    if (credential.kind === "certificate") users.set(credential.path, [...(users.get(credential.path) ?? []), name]);
  }
  return users;
}

/** The tenant as tiersync.yaml has its name. Throws `ERR_USAGE`, and `ERR_CONFIG` where nobody can say. */
export async function certificateUser(home: string, typed: string): Promise<string> {
  const { loadConfig } = await import("../config/load.ts");
  const { brokenHome } = await import("../config/broken-home.ts");
  const { configuredTenant } = await import("../config/tenant-choice.ts");
  const { value, findings } = loadConfig(home);
  if (value === null) throw brokenHome(findings);
  return configuredTenant(value, typed);
}

export function readView(known: KnownCertificate, home: string, now: number): ShownView | UnreadableView {
  const { name, role, path, tenants } = known;
  const keyFile = inHome(path, home);
  try {
    const certificate = readCertificate(readProtectedText(path));
    const certificateFile = inHome(certificateFiles(path).present.certificate, home);
    return { name, role, keyFile, certificateFile, tenants, ...facts(certificate, now) };
  } catch (thrown) {
    const { code, message, hint } = toAgentError(thrown);
    return { name, role, keyFile, tenants, error: { code, message, hint } };
  }
}

/** Relative to home where it lies in it, with `/`. */
export function inHome(path: string, home: string): string {
  return isInside(home, path) ? relative(home, path).replaceAll("\\", "/") : path;
}

export function facts(of: { sha1: string; sha256: string; expiresAt: number }, now: number): CertificateFacts {
  return {
    thumbprint: of.sha1,
    thumbprintSha256: of.sha256,
    expiresAt: new Date(of.expiresAt).toISOString(),
    daysLeft: daysLeft(of.expiresAt, now),
  };
}

const ROLES: Readonly<Record<CertificateRole, string>> = {
  present: "",
  next: ", next: used as soon as Entra accepts it",
  old: ", old: remove it from the app registration, then delete its files",
};

export function describe(view: CertificateView & Partial<ShownView>): string {
  const tenants =
    view.tenants === undefined ? [] : [`  used by      ${view.tenants.join(", ") || "no tenant of tiersync.yaml"}`];
  const expiry = view.daysLeft < 0 ? "expired" : `${counted(view.daysLeft, "day")} left`;
  return [
    `${view.name}${ROLES[view.role]}`,
    `  key          ${view.keyFile} (keep it: it never leaves this computer)`,
    `  certificate  ${view.certificateFile}`,
    `  SHA-1        ${view.thumbprint}`,
    `  SHA-256      ${view.thumbprintSha256}`,
    `  expires      ${view.expiresAt.slice(0, 10)} (${expiry})`,
    ...(view.role === "present" ? tenants : []),
    "",
  ].join("\n");
}

export function describeFault({ name, role, keyFile, error }: UnreadableView): string {
  const title = `${name}${ROLES[role]}`;
  return `${title}\n  key          ${keyFile}\n  error        ${error.message} [${error.code}]\n  hint         ${error.hint}\n`;
}
