/** A simulated tenant whose deltas are read, with one person in one group. */
import { expect } from "bun:test";
import { createSimulator, type Simulator } from "../../src/simulator/app.ts";
import { SimulatedClock } from "../../src/simulator/clock.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { atEnd } from "./clean-up.ts";
import { registerApplication, serveSimulator } from "./serve-simulator.ts";
import { type BareGraph, connect } from "./simulator-client.ts";

export interface DeltaEntry {
  id: string;
  displayName?: string | null;
  "@removed"?: { reason: string };
  "members@delta"?: { id: string; "@odata.type": string; "@removed"?: { reason: string } }[];
}

export interface DeltaPage {
  value: DeltaEntry[];
  "@odata.nextLink"?: string;
  "@odata.deltaLink"?: string;
  error?: { code: string };
}

export interface DeltaSite {
  readonly tenant: SimulatedTenant;
  readonly clock: SimulatedClock;
  readonly simulator: Simulator;
  readonly origin: string;
  readonly graph: BareGraph;
  /** A group, and the person in it. */
  readonly pro: string;
  readonly ana: string;
  /** Changes of the group's name and members. */
  readonly groupsQuery: string;
  read(path: string, headers?: Record<string, string>): Promise<DeltaPage>;
  /** Follows a round to its deltaLink. */
  round(path: string): Promise<{ entries: DeltaEntry[]; link: string; pages: number }>;
  latest(query: string): Promise<string>;
}

/** Small pages and slices; it goes away with the test. */
export async function openDeltaSite(): Promise<DeltaSite> {
  const clock = new SimulatedClock();
  const tenant = new SimulatedTenant({ id: crypto.randomUUID(), clock });
  tenant.tokenLifetime = 30 * 86_400;
  const simulator = createSimulator([tenant], { pageSizes: { delta: 3, memberSlice: 2 } });
  const served = serveSimulator(simulator);
  atEnd(() => served.stop());
  const pro = tenant.addGroup("Pro");
  const ana = tenant.addUser({ displayName: "Ana", mail: "ana@contoso.example" });
  tenant.addMember(pro, ana);
  const graph = await connect(served.origin, tenant, registerApplication(tenant));

  const read: DeltaSite["read"] = async (path, headers = {}) =>
    (await (await graph(path, { headers })).json()) as DeltaPage;
  return {
    tenant,
    clock,
    simulator,
    origin: served.origin,
    graph,
    pro,
    ana,
    groupsQuery: `/groups/delta?$select=displayName,members&$filter=id eq '${pro}'`,
    read,
    round: async (path) => {
      const entries: DeltaEntry[] = [];
      let page = await read(path);
      let pages = 1;
      for (; page["@odata.nextLink"]; pages += 1) {
        expect(page["@odata.deltaLink"]).toBeUndefined();
        entries.push(...page.value);
        page = await read(page["@odata.nextLink"]);
      }
      entries.push(...page.value);
      return { entries, link: page["@odata.deltaLink"] ?? "", pages };
    },
    latest: async (query) =>
      (await read(`/v1.0${query}${query.includes("?") ? "&" : "?"}$deltatoken=latest`))["@odata.deltaLink"] ?? "",
  };
}
