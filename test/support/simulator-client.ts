/** Bare requests to a simulator, for tests of the simulator itself and of what stands between it and the agent. */
import { afterAll, beforeEach } from "bun:test";
import { importPKCS8, SignJWT } from "jose";
import { createSimulator, type Simulator } from "../../src/simulator/app.ts";
import type { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { registerApplication, serveSimulator, type TestApplication } from "./serve-simulator.ts";

export interface AssertionChanges {
  readonly alg?: "PS256" | "RS256" | "PS384";
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly keyPem?: string;
}

export function tokenUrl(origin: string, tenant: string): string {
  return `${origin}/${tenant}/oauth2/v2.0/token`;
}

/** A correct client assertion, but for the changes. `undefined` takes a claim or header field away. */
export async function signAssertion(
  application: TestApplication,
  audience: string,
  now: number,
  changes: AssertionChanges = {},
): Promise<string> {
  const alg = changes.alg ?? "PS256";
  const seconds = Math.floor(now / 1000);
  const claims = {
    ...{ aud: audience, iss: application.clientId, sub: application.clientId, jti: crypto.randomUUID() },
    ...{ nbf: seconds, iat: seconds, exp: seconds + 300 },
    ...changes.claims,
  };
  const sha256 = Buffer.from(application.certificate.thumbprintSha256, "hex").toString("base64url");
  const header = { alg, typ: "JWT", "x5t#S256": sha256, ...changes.header };
  const key = await importPKCS8(changes.keyPem ?? application.certificate.keyPem, alg);
  return await new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** Posts a form; fields set to null are left out. */
export function postToken(
  url: string,
  fields: Readonly<Record<string, string | null>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== null) form.set(name, value);
  return fetch(url, { method: "POST", body: form, headers });
}

/** The fields of a token request with a secret. */
export function secretFields(origin: string, application: TestApplication): Record<string, string> {
  return {
    grant_type: "client_credentials",
    client_id: application.clientId,
    scope: `${origin}/.default`,
    client_secret: application.secret,
  };
}

/** `graph("/v1.0/groups")`: GET with a bearer token. */
export interface BareGraph {
  readonly token: string;
  (path: string, init?: RequestInit): Promise<Response>;
}

export async function connect(
  origin: string,
  tenant: SimulatedTenant,
  application: TestApplication,
): Promise<BareGraph> {
  const answer = await postToken(tokenUrl(origin, tenant.id), secretFields(origin, application));
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const call = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return fetch(path.startsWith("http") ? path : `${origin}${path}`, { ...init, headers });
  };
  return Object.assign(call, { token });
}

/** One tenant for all tests of a file: called at its top. Each test finds neither faults nor requests of the one before. */
export async function serveForFile(tenant: SimulatedTenant): Promise<{
  readonly simulator: Simulator;
  readonly origin: string;
  readonly application: TestApplication;
  readonly graph: BareGraph;
}> {
  const simulator = createSimulator([tenant], { random: () => 0.99 });
  const { origin, stop } = serveSimulator(simulator);
  afterAll(stop);
  beforeEach(() => {
    simulator.faults.clear();
    simulator.log.reset();
  });
  const application = registerApplication(tenant);
  return { simulator, origin, application, graph: await connect(origin, tenant, application) };
}
