/** OAuth client credentials against an independent server (oidc-provider). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { Provider } from "oidc-provider";
import { createBearer } from "../../src/targets/scim/bearer.ts";
import { createExchange } from "../../src/targets/scim/exchange.ts";
import type { ScimAuth } from "../../src/targets/scim/options.ts";

/** Characters that a form must escape. */
const SECRET = "s3cret:+&%=/?";
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

let server: Server;
let issuer: string;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: "basic client", client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic" },
        ...{ grant_types: ["client_credentials"], response_types: [], redirect_uris: [] },
      },
    ],
    features: { clientCredentials: { enabled: true } },
    scopes: ["scim"],
  });
  server.on("request", provider.callback());
});
afterAll(() => void server.close());

function bearer(
  more: Partial<Extract<ScimAuth, { kind: "oauth" }>> = {},
  fetchIt: typeof fetch | Hono["request"] = fetch,
) {
  let now = 0;
  const exchange = createExchange({ fetch: (input, init) => Promise.resolve(fetchIt(input, init)), timeout: 5000 });
  const auth: ScimAuth = {
    ...{ kind: "oauth", tokenUrl: `${issuer}/token`, clientId: "basic client", scope: "scim" },
    readSecret: async () => SECRET,
    ...more,
  };
  return {
    ...createBearer(auth, exchange, { now: () => now }),
    requests: exchange.requests,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("an OAuth token", () => {
  test("is asked for once, also by those who ask at the same time, and again when it is about to expire", async () => {
    const source = bearer();
    const tokens = await Promise.all([source.get(signal()), source.get(signal())]);
    expect(new Set(tokens).size).toBe(1);
    expect(await source.get(signal())).toBe(tokens[0] ?? "");
    expect(source.requests()).toBe(1);
    source.pass(3600 * 1000);
    expect(await source.get(signal())).not.toBe(tokens[0] ?? "");
  });

  test("is had from a server that wants the secret in the body, and remembers it", async () => {
    let given = 0;
    const app = new Hono().post("/token", async (context) => {
      const form = new URLSearchParams(await context.req.text());
      if (form.get("client_secret") !== SECRET) return context.json({ error: "invalid_client" }, 401);
      given += 1;
      return context.json({ access_token: `token ${given}`, expires_in: 60 });
    });
    const source = bearer({}, app.request);
    expect(await source.get(signal())).toBe("token 1");
    expect(source.requests()).toBe(2);
    expect(await source.renew("token 1", signal())).toBe("token 2");
    expect(source.requests()).toBe(3);
  });

  test("that was refused is renewed once for all", async () => {
    const source = bearer();
    const token = await source.get(signal());
    const renewed = await Promise.all([source.renew(token, signal()), source.renew(token, signal())]);
    expect(renewed[0]).not.toBe(token);
    expect(renewed[1]).toBe(renewed[0] ?? null);
    expect(source.requests()).toBe(2);
  });

  test("is not had with a wrong secret, and the error does not show it", async () => {
    const failing = bearer({ readSecret: async () => "wrong-secret" }).get(signal());
    await expect(failing).rejects.toMatchObject({
      code: "ERR_TARGET_FORBIDDEN",
      message: expect.stringMatching(/^getting a token for the licence system was answered 401 invalid_client/),
    });
    await failing.catch((error: Error) => expect(JSON.stringify(error) + error.message).not.toContain("wrong-secret"));
  });

  test.each([
    ["fails", 500, {}, "ERR_TARGET_UNREACHABLE"],
    ["gives none", 200, { token_type: "Bearer" }, "ERR_TARGET_FORBIDDEN"],
  ] as const)("of a server that %s", async (_, status, body, code) => {
    const app = new Hono().post("/token", (context) => context.json(body, status));
    await expect(bearer({}, app.request).get(signal())).rejects.toMatchObject({ code });
  });
});

test("a fixed token is read once, and afresh with each cycle", async () => {
  let reads = 0;
  const read = async (): Promise<string> => {
    reads += 1;
    return ` token ${reads}\n`;
  };
  const source = createBearer({ kind: "token", read }, createExchange({ fetch, timeout: 1 }), { now: () => 0 });
  expect([await source.get(signal()), await source.get(signal())]).toEqual(["token 1", "token 1"]);
  source.begin();
  expect(await source.get(signal())).toBe("token 2");
  expect(await source.renew("token 2", signal())).toBe("token 3");
});
