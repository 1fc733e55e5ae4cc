import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { signAssertion } from "../../src/entra/assertion.ts";
import { readCertificate } from "../../src/entra/certificate.ts";
import { createTokenSource } from "../../src/entra/token.ts";
import { makeCertificate } from "../support/certificate.ts";
import { call } from "../support/fake-graph.ts";
import { JUDGED_CLIENT, JUDGED_TENANT, type Judge, startJudge } from "../support/judge.ts";
import { silentLogger } from "../support/silent-logger.ts";

const pem = makeCertificate().pem;
const certificate = readCertificate(pem);
const stranger = readCertificate(makeCertificate().pem);

let judge: Judge;
beforeAll(async () => {
  judge = await startJudge(certificate, "PS256");
});
afterAll(() => judge.stop());

function sign(changes: Partial<Parameters<typeof signAssertion>[0]> = {}): Promise<string> {
  return signAssertion({
    certificate,
    algorithm: "PS256",
    clientId: JUDGED_CLIENT,
    tokenUrl: judge.tokenUrl,
    now: Date.now(),
    ...changes,
  });
}

describe("the client assertion", () => {
  test("says what Entra wants, lives five minutes, and is new each time", async () => {
    const now = Date.parse("2026-01-01T00:00:00.900Z");
    const assertion = await sign({ now });
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: "PS256", typ: "JWT", "x5t#S256": certificate.x5tS256 });
    const { jti, ...claims } = decodeJwt(assertion);
    expect(claims).toEqual({
      aud: judge.tokenUrl,
      iss: JUDGED_CLIENT,
      sub: JUDGED_CLIENT,
      nbf: 1767225600,
      iat: 1767225600,
      exp: 1767225900,
    });
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(decodeJwt(await sign({ now })).jti).not.toBe(jti);
  });

  test("is accepted by an identity provider that we did not write", async () => {
    const { status, body } = await judge.judge(await sign());
    expect(status).toBe(200);
    expect(body["token_type"]).toBe("Bearer");
  });

  test("as RS256 with the SHA-1 thumbprint too", async () => {
    const old = await startJudge(certificate, "RS256");
    try {
      const assertion = await sign({ algorithm: "RS256", tokenUrl: old.tokenUrl });
      expect(decodeProtectedHeader(assertion)).toEqual({ alg: "RS256", typ: "JWT", x5t: certificate.x5t });
      expect((await old.judge(assertion)).status).toBe(200);
      expect((await old.judge(await sign({ tokenUrl: old.tokenUrl }))).status).toBe(401);
    } finally {
      await old.stop();
    }
  });

  const refused: readonly [string, () => Promise<string>][] = [
    ["expired", () => sign({ now: Date.now() - 3_600_000 })],
    ["of tomorrow", () => sign({ now: Date.now() + 86_400_000 })],
    ["for another token URL", () => sign({ tokenUrl: judge.tokenUrl.replace("11111111", "99999999") })],
    ["signed with another key", () => sign({ certificate: stranger })],
    [
      "signed with another key under our thumbprint",
      () => sign({ certificate: { ...certificate, key: stranger.key } }),
    ],
    ["with another thumbprint", () => sign({ certificate: { ...certificate, x5tS256: stranger.x5tS256 } })],
    ["of an unknown client", () => sign({ clientId: "someone-else" })],
    [
      "tampered with",
      async () => {
        const [header, payload, signature] = (await sign()).split(".");
        const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
        const forged = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 60 })).toString("base64url");
        return `${header}.${forged}.${signature}`;
      },
    ],
  ];
  test.each(refused)("is refused when it is %s", async (_, make) => {
    expect((await judge.judge(await make())).status).toBeGreaterThanOrEqual(400);
  });

  test("is refused the second time", async () => {
    const assertion = await sign();
    expect((await judge.judge(assertion)).status).toBe(200);
    expect((await judge.judge(assertion)).status).toBe(401);
  });

  test("gets a token through the agent's own token source", async () => {
    const source = createTokenSource(
      {
        tenantId: JUDGED_TENANT,
        clientId: JUDGED_CLIENT,
        credential: { kind: "certificate", read: async () => pem, algorithm: "PS256" },
        cloud: { authority: judge.origin, graph: "http://127.0.0.1:9" },
        // The judge knows no `.default` scope.
        fetch: (url, init) => fetch(url, { ...init, body: String(init?.body).replace(/scope=[^&]*&/, "") }),
        clock: { now: () => Date.now() },
        logger: silentLogger,
      },
      { requestTimeout: 10_000 },
      async (_attempt, _told, _call, giveUp) => {
        throw giveUp;
      },
    );
    expect((await source.get(call())).split(".")).toHaveLength(3);
    expect(source.requests()).toBe(1);
  });
});
