/** A home with a second tenant beside contoso: fabrikam, with a simulator, app, groups and people of its own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSimulator, type Simulator } from "../../src/simulator/app.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { atEnd } from "./clean-up.ts";
import { type HomeOptions, openHome, type TestHome } from "./home.ts";
import { registerApplication, serveSimulator } from "./serve-simulator.ts";

export const FABRIKAM_ID = "99999999-2222-3333-4444-555555555555";

export interface SecondTenant {
  readonly tenant: SimulatedTenant;
  readonly simulator: Simulator;
  person(name: string, groups: readonly string[], properties?: Record<string, unknown>): string;
}

/** `own`: further lines of fabrikam's entry, for instance tiers of its own. */
export function openTwoTenants(
  options: HomeOptions = {},
  own: readonly string[] = [],
): { readonly home: TestHome; readonly fabrikam: SecondTenant } {
  const home = openHome(options);
  const tenant = new SimulatedTenant({ id: FABRIKAM_ID });
  const simulator = createSimulator([tenant]);
  const served = serveSimulator(simulator);
  atEnd(() => served.stop());
  const app = registerApplication(tenant);
  const parent = tenant.addGroup("SecureExchanges_Licences");
  const groups: Record<string, string> = {};
  for (const name of ["Advanced", "Eco", "No_Licence", "Pro"]) {
    groups[name] = tenant.addGroup(name);
    tenant.addMember(parent, groups[name]);
  }
  writeFileSync(join(home.home, "keys", "fabrikam.txt"), app.secret, { mode: 0o600 });
  const entry = [
    "  - name: fabrikam",
    `    tenantId: ${FABRIKAM_ID}`,
    `    clientId: ${app.clientId}`,
    "    credential: {clientSecret: file:keys/fabrikam.txt}",
    "    parentGroup: SecureExchanges_Licences",
    `    cloud: {authority: "${served.origin}", graph: "${served.origin}"}`,
    ...own.map((line) => `    ${line}`),
  ];
  home.rewrite((text) => text.replace("\ntiers:\n", `\n${entry.join("\n")}\ntiers:\n`));
  return {
    home,
    fabrikam: {
      tenant,
      simulator,
      person: (name, memberOf, properties = {}) => {
        const mail = `${name.toLowerCase().replaceAll(" ", ".")}@fabrikam.example`;
        const id = tenant.addUser({ displayName: name, userPrincipalName: mail, mail, ...properties });
        for (const group of memberOf) tenant.addMember(groups[group] ?? group, id);
        return id;
      },
    },
  };
}
