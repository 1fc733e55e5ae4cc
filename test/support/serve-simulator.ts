/** A simulator on a loopback port, and an app registration to talk to it with. */
import type { Simulator } from "../../src/simulator/app.ts";
import type { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { makeCertificate, type TestCertificate } from "./certificate.ts";

export interface ServedSimulator {
  /** `http://127.0.0.1:PORT`: authority and Graph address in one. */
  readonly origin: string;
  stop(): Promise<void>;
}

export function serveSimulator(simulator: Simulator): ServedSimulator {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: (request) => simulator.app.fetch(request),
  });
  return { origin: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

export interface TestApplication {
  readonly clientId: string;
  readonly certificate: TestCertificate;
  readonly secret: string;
}

let shared: TestCertificate | null = null;

/** Registers an app that may sign with a certificate (one key for the whole test run) or send a secret. */
export function registerApplication(
  tenant: SimulatedTenant,
  options: {
    readonly clientId?: string;
    readonly roles?: readonly string[];
    readonly certificate?: TestCertificate;
  } = {},
): TestApplication {
  shared ??= makeCertificate();
  const certificate = options.certificate ?? shared;
  const clientId = options.clientId ?? crypto.randomUUID();
  const secret = `${crypto.randomUUID()}~${crypto.randomUUID()}`;
  tenant.register({
    clientId,
    certificates: [certificate.certificatePem],
    secrets: [{ value: secret }],
    ...(options.roles ? { roles: options.roles } : {}),
  });
  return { clientId, certificate, secret };
}
