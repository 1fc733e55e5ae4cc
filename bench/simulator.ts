/**
 * A simulated tenant in a process of its own, which lives until its standard input ends. Arguments: number of people, and how long each
 * answer takes besides making it (ms).
 */
import { serveLoopback } from "../src/platform/serve.ts";
import { createSimulator } from "../src/simulator/app.ts";
import { generateTenant } from "../src/simulator/generate.ts";
import { seededRandom } from "../src/simulator/random.ts";
import { report } from "./child.ts";

/** What the other processes need to know of the tenant. */
export interface SimulatedSite {
  readonly origin: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly secret: string;
  /** Groups whose members are people. */
  readonly groups: readonly string[];
  /** People by tier. */
  readonly counts: Readonly<Record<string, number>>;
}

const people = Number(process.argv[2]);
const delay = Number(process.argv[3] ?? 0);
const { tenant, teams, tiers, parent, counts } = generateTenant({ people });
const app = { clientId: "aaaaaaaa-0000-4000-8000-000000000001", secret: crypto.randomUUID() };
tenant.register({ clientId: app.clientId, certificates: [], secrets: [{ value: app.secret }] });
const simulator = createSimulator([tenant]);
const random = seededRandom(7);
const team = (tier: string): string => teams[tier]?.[0] ?? "";
let joined = 0;

/** Changes that the benchmark asks for. */
const changes: Readonly<Record<string, () => string>> = {
  /** Somebody of Eco goes to Advanced. */
  move: () => {
    const members = [...(tenant.members.get(team("Eco")) ?? [])];
    const person = members[Math.floor(random() * members.length)] ?? "";
    tenant.removeMember(team("Eco"), person);
    tenant.addMember(team("Advanced"), person);
    return person;
  },
  /** Somebody new in Eco, with a mailbox. */
  join: () => {
    joined += 1;
    const mail = `new${joined}@contoso.example`;
    const person = tenant.addUser({ displayName: `New ${joined}`, userPrincipalName: mail, mail });
    tenant.addMember(team("Eco"), person);
    return person;
  },
};

const server = await serveLoopback(
  async (request) => {
    const change = new URL(request.url).pathname.match(/^\/bench\/(\w+)$/)?.[1];
    if (change === undefined) {
      const answer = await simulator.app.fetch(request);
      if (delay > 0) await Bun.sleep(delay);
      return answer;
    }
    const make = changes[change];
    return make === undefined ? new Response(null, { status: 404 }) : new Response(make());
  },
  { host: "127.0.0.1", port: 0 },
);
const groups = [parent, ...Object.values(tiers), ...Object.values(teams).flat()];
const site: SimulatedSite = {
  origin: `http://127.0.0.1:${server.port}`,
  tenantId: tenant.id,
  ...app,
  groups: [...new Set(groups)],
  counts,
};
report(site);
for await (const _ of process.stdin);
process.exit(0);
