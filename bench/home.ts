/** Home folders for the measured agents. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import rules from "../rules/secure-exchanges.yaml" with { type: "text" };
import type { SimulatedSite } from "./simulator.ts";

const folders: string[] = [];

/** An empty folder that `removeFolders` takes away. */
export function tempFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `tiersync-bench-${name}-`));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Everybody gets a seat, but the last hundredth of those in Pro waits. */
export function writeHome(site: SimulatedSite, mailboxSettings: boolean): string {
  const home = tempFolder("home");
  const seats = (tier: string, share: number): number => Math.floor((site.counts[tier] ?? 0) * share);
  mkdirSync(join(home, "keys"), { mode: 0o700 });
  mkdirSync(join(home, "rules"));
  writeFileSync(join(home, "keys", "contoso.txt"), site.secret, { mode: 0o600 });
  writeFileSync(join(home, "rules", "secure-exchanges.yaml"), rules);
  writeFileSync(
    join(home, "tiersync.yaml"),
    `schedule: "0 0 1 1 *"
mailboxSettings: ${mailboxSettings}
tenants:
  - name: contoso
    tenantId: ${site.tenantId}
    clientId: ${site.clientId}
    credential: {clientSecret: "file:keys/contoso.txt"}
    parentGroup: SecureExchanges_Licences
    cloud: {authority: "${site.origin}", graph: "${site.origin}"}
tiers:
  Eco: {seats: ${seats("Eco", 1.1)}}
  Advanced: {seats: ${seats("Advanced", 1.1)}}
  Pro: {seats: ${seats("Pro", 0.99)}}
  No_Licence: {revokes: true, purgeAfter: 24h}
guard: {change: false}
status: {port: 0}
`,
  );
  return home;
}
