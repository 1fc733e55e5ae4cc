/** Is the certificate there, whole, and good for a while? */
import type { TenantConfig } from "../../config/types.ts";
import { readCertificate } from "../../entra/certificate.ts";
import { daysLeft } from "../../model/days.ts";
import type { CheckResult } from "../../model/views.ts";
import { readProtectedText } from "../../platform/protect.ts";
import { fail, failed, ok, warn } from "./result.ts";

/** Days before the end from which on it is said. */
const SOON = 60;

export function checkCredential({ name, credential }: TenantConfig, now: number): CheckResult[] {
  if (credential.kind === "secret") {
    const message = "a client secret: its end shows in the app registration only";
    return [warn("credential.expiry", name, message, "better use a certificate: `tiersync cert new`")];
  }
  try {
    const { sha1, notBefore, expiresAt } = readCertificate(readProtectedText(credential.path));
    const read = ok("credential.certificate", name, `key and certificate belong together; thumbprint ${sha1}`);
    return [read, validity(name, notBefore, expiresAt, now)];
  } catch (error) {
    return [failed("credential.certificate", name, error)];
  }
}

function validity(tenant: string, notBefore: number, expiresAt: number, now: number): CheckResult {
  const id = "credential.expiry";
  const end = new Date(expiresAt).toISOString();
  const days = daysLeft(expiresAt, now);
  const renew = "make the next one, `tiersync cert rotate`, and upload its .crt to the app registration";
  if (expiresAt <= now) return fail(id, tenant, `the certificate expired at ${end}`, renew);
  if (notBefore > now) {
    const from = new Date(notBefore).toISOString();
    return fail(id, tenant, `the certificate is not valid before ${from}`, "check this computer's clock");
  }
  if (days <= SOON) return warn(id, tenant, `the certificate expires in ${days} days, at ${end}`, renew);
  return ok(id, tenant, `the certificate is good for ${days} days, until ${end}`);
}
