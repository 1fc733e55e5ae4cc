import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createSimulator } from "../../src/simulator/app.ts";
import { SimulatedClock } from "../../src/simulator/clock.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { makeCertificate } from "../support/certificate.ts";
import { registerApplication, serveSimulator } from "../support/serve-simulator.ts";
import {
  type AssertionChanges,
  postToken,
  secretFields,
  signAssertion,
  tokenUrl,
} from "../support/simulator-client.ts";

const clock = new SimulatedClock();
const tenant = new SimulatedTenant({ id: crypto.randomUUID(), domains: ["contoso.example"], clock });
const application = registerApplication(tenant);
const simulator = createSimulator([tenant]);
const { origin, stop } = serveSimulator(simulator);
const url = tokenUrl(origin, tenant.id);
afterAll(stop);
beforeEach(() => simulator.faults.clear());

const assertionFields = async (changes: AssertionChanges = {}) => ({
  grant_type: "client_credentials",
  client_id: application.clientId,
  scope: `${origin}/.default`,
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  client_assertion: await signAssertion(application, url, clock.now(), changes),
});

const outcome = async (answer: Response): Promise<string> => {
  const body = (await answer.json()) as { error?: string; error_codes?: number[] };
  return answer.ok ? "200" : `${answer.status} ${body.error} ${body.error_codes?.[0]}`;
};

const sha1 = Buffer.from(application.certificate.thumbprintSha1, "hex").toString("base64url");
const seconds = () => Math.floor(clock.now() / 1000);

describe("a client assertion", () => {
  const cases: readonly [string, () => AssertionChanges, string][] = [
    ["signed with PS256 and named by x5t#S256 is accepted", () => ({}), "200"],
    [
      "signed with RS256 and named by x5t is accepted",
      () => ({ alg: "RS256", header: { "x5t#S256": undefined, x5t: sha1 } }),
      "200",
    ],
    ["of another algorithm is refused", () => ({ alg: "PS384" }), "401 invalid_client 50027"],
    ["of an unknown key is refused", () => ({ header: { "x5t#S256": "nobody" } }), "401 invalid_client 700027"],
    ["that names no key is refused", () => ({ header: { "x5t#S256": undefined } }), "401 invalid_client 700027"],
    ["signed by another key is refused", () => ({ keyPem: makeCertificate().keyPem }), "401 invalid_client 700027"],
    ["for another audience is refused", () => ({ claims: { aud: origin } }), "401 invalid_client 50027"],
    ["whose subject is not its issuer is refused", () => ({ claims: { sub: "x" } }), "401 invalid_client 50048"],
    ["of another client is refused", () => ({ claims: { iss: "x", sub: "x" } }), "401 invalid_client 50027"],
    ["without an end is refused", () => ({ claims: { exp: undefined } }), "401 invalid_client 50027"],
    ["that is over is refused", () => ({ claims: { exp: seconds() - 1 } }), "401 invalid_client 700024"],
    ["that has not begun is refused", () => ({ claims: { nbf: seconds() + 60 } }), "401 invalid_client 700024"],
    ["without a jti is refused", () => ({ claims: { jti: undefined } }), "401 invalid_client 50027"],
  ];
  test.each(cases)("%s", async (_title, changes, expected) => {
    expect(await outcome(await postToken(url, await assertionFields(changes())))).toBe(expected);
  });

  test("is accepted once only", async () => {
    const fields = await assertionFields();
    expect(await outcome(await postToken(url, fields))).toBe("200");
    expect(await outcome(await postToken(url, fields))).toBe("401 invalid_client 50027");
  });

  test("is refused when the clock stands outside its times", async () => {
    const fields = await assertionFields();
    clock.advance(600_000);
    expect(await outcome(await postToken(url, fields))).toBe("401 invalid_client 700024");
  });

  test("of an expired certificate is refused", async () => {
    const old = makeCertificate({ from: Date.now() - 3 * 86_400_000, days: 1 });
    const expired = registerApplication(tenant, { certificate: old });
    const client_assertion = await signAssertion(expired, url, clock.now());
    const fields = { ...(await assertionFields()), client_id: expired.clientId, client_assertion };
    expect(await outcome(await postToken(url, fields))).toBe("401 invalid_client 700027");
  });
});

describe("the token endpoint", () => {
  const refused: readonly [string, Record<string, string | null>, string][] = [
    ["a wrong secret", { client_secret: "wrong" }, "401 invalid_client 7000215"],
    ["no credential", { client_secret: null }, "401 invalid_client 7000218"],
    ["no grant type", { grant_type: null }, "400 invalid_request 900144"],
    ["another grant type", { grant_type: "password" }, "400 unsupported_grant_type 70003"],
    ["another resource's scope", { scope: "https://graph.microsoft.us/.default" }, "400 invalid_scope 70011"],
    ["a scope of its own", { scope: "User.Read.All" }, "400 invalid_scope 70011"],
    ["an unknown client", { client_id: crypto.randomUUID() }, "400 unauthorized_client 700016"],
    [
      "an assertion of another type",
      { client_secret: null, client_assertion: "a.b.c", client_assertion_type: "saml" },
      "401 invalid_client 50027",
    ],
  ];
  test.each(refused)("refuses %s", async (_title, changes, expected) => {
    expect(await outcome(await postToken(url, { ...secretFields(origin, application), ...changes }))).toBe(expected);
  });

  test.each([
    ["common", "400 invalid_request 9001023"],
    ["not a tenant", "400 invalid_request 900023"],
    ["nobody.example", "400 invalid_request 90002"],
    ["contoso.example", "200"],
  ])("answers for tenant %p with %s", async (name, expected) => {
    const answer = await postToken(tokenUrl(origin, name), secretFields(origin, application));
    expect(await outcome(answer)).toBe(expected);
  });

  test("refuses an expired secret, a disabled app and one that is unknown to the tenant", async () => {
    const secret = "s".repeat(40);
    const register = (state: "enabled" | "disabled" | "unknown", expiresAt?: number): string => {
      const clientId = crypto.randomUUID();
      tenant.register({ clientId, state, secrets: [{ value: secret, ...(expiresAt ? { expiresAt } : {}) }] });
      return clientId;
    };
    const clients = [register("enabled", clock.now()), register("disabled"), register("unknown")];
    const outcomes: string[] = [];
    for (const client_id of clients) {
      const fields = { ...secretFields(origin, application), client_id, client_secret: secret };
      outcomes.push(await outcome(await postToken(url, fields)));
    }
    expect(outcomes).toEqual([
      "401 invalid_client 7000222",
      "400 unauthorized_client 7000112",
      "401 invalid_client 7000229",
    ]);
  });

  test("takes the secret by HTTP Basic and gives a decodable token with the granted roles", async () => {
    const { client_id, client_secret, ...fields } = secretFields(origin, application);
    const authorization = `Basic ${btoa(`${client_id}:${encodeURIComponent(client_secret ?? "")}`)}`;
    const answer = await postToken(url, fields, { authorization });
    const body = (await answer.json()) as { access_token: string; expires_in: number; token_type: string };
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599 });
    const payload = JSON.parse(Buffer.from(body.access_token.split(".")[1] ?? "", "base64url").toString());
    expect(payload).toMatchObject({ aud: origin, tid: tenant.id, appid: client_id, idtyp: "app" });
    expect(payload.roles).toContain("GroupMember.Read.All");
  });

  test("says what is wrong in Entra's words, with trace and correlation", async () => {
    const headers = { "client-request-id": "11111111-1111-4111-8111-111111111111" };
    const fields = { ...secretFields(origin, application), client_secret: "wrong" };
    const body = (await (await postToken(url, fields, headers)).json()) as Record<string, string>;
    expect(body["error_description"]).toStartWith("AADSTS7000215: Invalid client secret provided.");
    expect(body["error_description"]).toContain(`Trace ID: ${body["trace_id"]}`);
    expect(body["correlation_id"]).toBe(headers["client-request-id"]);
    expect(body["timestamp"]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  });

  test("fails on demand", async () => {
    simulator.faults.add({ kind: "aadsts", code: 53003, match: "/token" });
    simulator.faults.add({ kind: "html", match: "/token", after: 1 });
    simulator.faults.add({ kind: "throttle", retryAfter: "7", match: "/token", after: 2 });
    const ask = () => postToken(url, secretFields(origin, application));
    expect(await outcome(await ask())).toBe("400 invalid_grant 53003");
    expect((await ask()).headers.get("content-type")).toStartWith("text/html");
    const throttled = await ask();
    expect([throttled.status, throttled.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await outcome(await ask())).toBe("200");
  });
});
