/** A simulated tenant with the groups of the product, an app registration, and an agent's source that reads it. */
import { expect } from "bun:test";
import type { DirectoryScope, MirrorWriter, ReadResult } from "../../src/cycle/ports.ts";
import type { EntraLimits, EntraOptions, Fetch } from "../../src/entra/options.ts";
import { createEntraSource } from "../../src/entra/source.ts";
import type { Logger } from "../../src/log.ts";
import { BASE_PROPERTIES } from "../../src/model/directory.ts";
import { createSimulator, type Simulator, type SimulatorOptions } from "../../src/simulator/app.ts";
import { SimulatedClock } from "../../src/simulator/clock.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { createMemoryMirror, type MemoryMirror } from "./memory-mirror.ts";
import { registerApplication, type TestApplication } from "./serve-simulator.ts";
import { silentLogger } from "./silent-logger.ts";

export const ORIGIN = "http://127.0.0.1:9";
export const SCOPE: DirectoryScope = {
  parentGroup: { name: "SecureExchanges_Licences" },
  others: [],
  properties: BASE_PROPERTIES,
};

export interface TestEntra {
  readonly tenant: SimulatedTenant;
  readonly simulator: Simulator;
  readonly application: TestApplication;
  readonly clock: SimulatedClock;
  /** Ids of the groups by name: parent and tiers. */
  readonly groups: Readonly<Record<"parent" | "Pro" | "Advanced" | "Eco" | "No_Licence", string>>;
  /** Waits that the agent asked for; none is really waited, the clock jumps instead. */
  readonly waits: number[];
  readonly options: EntraOptions;
  readonly fetch: Fetch;
}

export interface TestEntraOptions {
  readonly simulator?: SimulatorOptions;
  readonly roles?: readonly string[];
  readonly limits?: Partial<EntraLimits>;
  readonly credential?: "certificate" | "secret";
  readonly logger?: Logger;
}

/** Everything in-process: requests go straight into the simulator's app. */
export function setUpEntra(setup: TestEntraOptions = {}): TestEntra {
  const clock = new SimulatedClock();
  clock.freeze(Date.parse("2026-03-02T08:00:00Z"));
  const tenant = new SimulatedTenant({ id: "11111111-2222-3333-4444-555555555555", clock });
  const application = registerApplication(tenant, setup.roles === undefined ? {} : { roles: setup.roles });
  const parent = tenant.addGroup("SecureExchanges_Licences");
  const tier = (name: string): string => {
    const id = tenant.addGroup(name);
    tenant.addMember(parent, id);
    return id;
  };
  const groups = {
    parent,
    Pro: tier("Pro"),
    Advanced: tier("Advanced"),
    Eco: tier("Eco"),
    No_Licence: tier("No_Licence"),
  };
  const simulator = createSimulator([tenant], setup.simulator);
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const aborted = new Promise<never>((_, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
    });
    return Promise.race([simulator.app.fetch(request), aborted]);
  };
  const waits: number[] = [];
  const credential: EntraOptions["credential"] =
    setup.credential === "secret"
      ? { kind: "secret", read: async () => application.secret }
      : { kind: "certificate", read: async () => application.certificate.pem, algorithm: "PS256" };
  const options: EntraOptions = {
    tenantId: tenant.id,
    clientId: application.clientId,
    credential,
    cloud: { authority: ORIGIN, graph: ORIGIN },
    fetch,
    clock,
    logger: setup.logger ?? silentLogger,
    ...(setup.limits === undefined ? {} : { limits: setup.limits }),
    sleep: async (ms, signal) => {
      waits.push(ms);
      clock.advance(ms);
      signal.throwIfAborted();
    },
  };
  return { tenant, simulator, application, clock, groups, waits, options, fetch };
}

/** A source with a shorter way to read. */
export function createReader(entra: TestEntra, overrides: Partial<EntraOptions> = {}) {
  const source = createEntraSource({ ...entra.options, ...overrides });
  return {
    source,
    read: (
      mirror: MirrorWriter,
      options: { full?: boolean; scope?: DirectoryScope; signal?: AbortSignal; deadline?: number } = {},
    ): Promise<ReadResult> =>
      source.read(mirror, {
        scope: options.scope ?? SCOPE,
        full: options.full ?? false,
        signal: options.signal ?? new AbortController().signal,
        ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
      }),
    /** Graph requests that `work` makes. */
    counting: async (work: () => Promise<unknown>): Promise<number> => {
      const before = source.requests().graph;
      await work();
      return source.requests().graph - before;
    },
  };
}

/** A user with a name, an address, and memberships. */
export function addPerson(entra: TestEntra, name: string, ...groups: readonly string[]): string {
  const address = `${name.toLowerCase().replaceAll(" ", ".")}@contoso.example`;
  const id = entra.tenant.addUser({ displayName: name, userPrincipalName: address, mail: address });
  for (const group of groups) entra.tenant.addMember(group, id);
  return id;
}

/** A tenant that was read once. */
export async function readOnce(people: (entra: TestEntra) => void = () => {}, entra = setUpEntra()) {
  people(entra);
  const mirror = createMemoryMirror();
  const reader = createReader(entra);
  await reader.read(mirror);
  return { entra, mirror, ...reader };
}

/** The mirror holds what a full read of now would give. */
export async function expectAsReadWhole(entra: TestEntra, mirror: MemoryMirror): Promise<void> {
  const whole = createMemoryMirror();
  await createReader(entra).read(whole);
  expect(mirror.snapshot()).toEqual(whole.snapshot());
  expect(mirror.roles()).toEqual(whole.roles());
}
