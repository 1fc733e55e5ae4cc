/**
 * The peer: Backstage's reader of Microsoft Graph, which builds all users and groups in memory and stores nothing.
 * Arguments: the site, and the folder it is installed in.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { report } from "./child.ts";
import { accessToken } from "./graph.ts";
import type { SimulatedSite } from "./simulator.ts";

interface TokenCredential {
  getToken(): Promise<{ token: string; expiresOnTimestamp: number }>;
}

interface PeerClient {
  getOrganization(tenantId: string): Promise<unknown>;
}

/** The part of the package that is used. */
interface Peer {
  readonly MicrosoftGraphClient: new (baseUrl: string, credential: TokenCredential) => PeerClient;
  readMicrosoftGraphOrg(
    client: PeerClient,
    tenantId: string,
    options: { loadUserPhotos: boolean; logger: Pick<Console, "debug" | "info" | "warn" | "error"> },
  ): Promise<{ users: readonly unknown[]; groups: readonly unknown[] }>;
}

const site = JSON.parse(process.argv[2] ?? "") as SimulatedSite;
const folder = process.argv[3] ?? "";
const require = createRequire(join(folder, "package.json"));
const peer = require("@backstage/plugin-catalog-backend-module-msgraph") as Peer;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const started = performance.now();
const token = await accessToken(site);
const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const client = new peer.MicrosoftGraphClient(`${site.origin}/v1.0`, credential);
// The simulator has no such resource, and one request more or less decides nothing.
client.getOrganization = async () => ({ id: site.tenantId, displayName: "Contoso" });
const org = await peer.readMicrosoftGraphOrg(client, site.tenantId, { loadUserPhotos: false, logger: silent });
report({ ms: performance.now() - started, users: org.users.length, groups: org.groups.length });
