/** How far `cert rotate` is: is there a next certificate, and does Entra accept it already? */
import type { Agent } from "../../agent.ts";
import type { CheckResult } from "../../model/views.ts";
import { ok, warn } from "./result.ts";

type NextProbe = Awaited<ReturnType<ReturnType<Agent["probe"]>["next"]>>;

const ID = "credential.next";

/** `probe`: what Entra said; null: there is no next certificate. Never a failure: the present one still signs. */
export function checkNextCertificate(tenant: string, probe: NextProbe): CheckResult[] {
  if (probe === null) return [];
  const { thumbprint, error } = probe;
  if (error === null)
    return [ok(ID, tenant, `Entra accepts the next certificate ${thumbprint}: the next cycle switches`)];
  if (thumbprint === null)
    return [warn(ID, tenant, `the next certificate cannot be tried: ${error.message}`, error.hint)];
  if (error.facts["aadsts"] !== "AADSTS700027") {
    return [warn(ID, tenant, `the next certificate ${thumbprint} was refused: ${error.message}`, error.hint)];
  }
  const message = `Entra does not know the next certificate ${thumbprint} yet; the present one stays in use`;
  return [warn(ID, tenant, message, "upload the .next.crt that `tiersync cert show` names to the app registration")];
}
