import { describe, expect, test } from "bun:test";
import { createEntraProbe } from "../../src/entra/probe.ts";
import { grantedRoles } from "../../src/entra/token.ts";
import { AgentError, type ErrorCode } from "../../src/errors.ts";
import { createReader, setUpEntra } from "../support/entra.ts";
import { call, fakeGraph, json } from "../support/fake-graph.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

const idle = () => json({ value: [] });

describe("the token", () => {
  test.each(["certificate", "secret"] as const)("comes for a %s, and serves many cycles", async (credential) => {
    const entra = setUpEntra({ credential });
    const { read, source } = createReader(entra);
    const mirror = createMemoryMirror();
    for (let cycle = 0; cycle < 5; cycle += 1) await read(mirror);
    expect(source.requests().token).toBe(1);
    entra.clock.advance(55 * 60_000);
    await read(mirror);
    expect(source.requests().token).toBe(2);
  });

  test("is asked for once, however many want it", async () => {
    const graph = fakeGraph(idle);
    await Promise.all([1, 2, 3].map(() => graph.reader.client.get("/groups", call())));
    expect(graph.tokens()).toBe(1);
  });

  test("is renewed five minutes early, or half-way when it lives shorter", async () => {
    let now = 0;
    for (const [lifetime, good, due] of [
      [3_600, 3_299, 3_301],
      [400, 199, 201],
      // The answer need not say how long: then a few minutes.
      [undefined, 149, 151],
    ] as const) {
      const answer = () => json({ access_token: "t", ...(lifetime === undefined ? {} : { expires_in: lifetime }) });
      const graph = fakeGraph(idle, { token: answer, clock: { now: () => now } });
      now = 0;
      await graph.tokenSource.get(call());
      now = good * 1_000;
      await graph.tokenSource.get(call());
      expect(graph.tokens()).toBe(1);
      now = due * 1_000;
      await graph.tokenSource.get(call());
      expect(graph.tokens()).toBe(2);
    }
  });

  test("comes with the renewed secret as soon as it is there", async () => {
    const entra = setUpEntra({ credential: "secret" });
    let secret = "wrong";
    const { read } = createReader(entra, { credential: { kind: "secret", read: async () => secret } });
    expect(await read(createMemoryMirror()).catch((error) => error)).toMatchObject({
      code: "ERR_CREDENTIAL",
      facts: { aadsts: "AADSTS7000215" },
    });
    secret = entra.application.secret;
    expect((await read(createMemoryMirror())).kind).toBe("full");
  });

  test("with rights granted meanwhile is fetched within the cycle that lacks them", async () => {
    const entra = setUpEntra({ roles: [] });
    const { read, source } = createReader(entra);
    expect(await read(createMemoryMirror()).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_FORBIDDEN" });
    entra.tenant.register({
      clientId: entra.application.clientId,
      certificates: [entra.application.certificate.certificatePem],
    });
    expect((await read(createMemoryMirror())).kind).toBe("full");
    expect(source.requests().token).toBe(3);
  });
});

describe("a refusal of the token endpoint", () => {
  const codes: readonly [number, ErrorCode, string][] = [
    [7000215, "ERR_CREDENTIAL", "value (not its id)"],
    [7000222, "ERR_CREDENTIAL", "cert new"],
    [700027, "ERR_CREDENTIAL", "thumbprints"],
    [700024, "ERR_CLOCK", "clock"],
    [700016, "ERR_CREDENTIAL", "clientId"],
    [7000229, "ERR_CREDENTIAL", "consent"],
    [7000112, "ERR_CREDENTIAL", "enable"],
    [90002, "ERR_CREDENTIAL", "tenantId"],
    [900023, "ERR_CREDENTIAL", "directory (tenant) id"],
    [90038, "ERR_CREDENTIAL", "cloud"],
    [500011, "ERR_CREDENTIAL", "cloud"],
    [53003, "ERR_CREDENTIAL", "Conditional Access"],
  ];
  test.each(codes)("AADSTS%d becomes %s with what to do", async (number, code, hint) => {
    const body = { error: "invalid_client", error_codes: [number], error_description: `AADSTS${number}: secret text` };
    const graph = fakeGraph(idle, { token: () => json(body, 401) });
    const failure = await graph.tokenSource.get(call()).catch((error: unknown) => error);
    if (!(failure instanceof AgentError)) throw new TypeError("no AgentError");
    expect(failure).toMatchObject({ code, retryable: false, facts: { aadsts: `AADSTS${number}` } });
    expect(failure.hint).toContain(hint);
    expect(failure.message).toContain(`AADSTS${number}`);
    expect(failure.message).not.toContain("secret text");
    expect(graph.tokens()).toBe(1);
  });

  const passing: readonly [string, () => Response][] = [
    ["overload", () => json({ error: "temporarily_unavailable", error_codes: [90033] }, 503)],
    ["throttling", () => json({}, 429, { "retry-after": "2" })],
    ["a loop detected", () => json({ error: "invalid_grant", error_codes: [50196] }, 400)],
    ["a proxy's page", () => new Response("<html>", { status: 502 })],
  ];
  test.each(passing)("for %s is tried again a few times", async (_, answer) => {
    const graph = fakeGraph(idle, { token: answer });
    expect(await graph.tokenSource.get(call()).catch((error: unknown) => error)).toMatchObject({
      code: "ERR_TOKEN",
      retryable: true,
    });
    expect(graph.tokens()).toBe(3);
    expect(graph.waits).toHaveLength(2);
  });

  test.each([
    ["a proxy's login page", () => new Response("<html>", { status: 200 })],
    ["a proxy's refusal", () => new Response("<html>", { status: 407 })],
  ])("that is %s is not taken for Entra's", async (_, answer) => {
    const graph = fakeGraph(idle, { token: answer });
    expect(await graph.tokenSource.get(call()).catch((error: unknown) => error)).toMatchObject({
      code: "ERR_TOKEN",
      hint: expect.stringContaining("proxy"),
    });
  });

  test("never shows the secret", async () => {
    const secret = "S3cr3t~value";
    const answer = () => json({ error: "invalid_client", error_description: `AADSTS7000215: ${secret}` }, 401);
    const graph = fakeGraph(idle, { token: answer, credential: { kind: "secret", read: async () => secret } });
    const failure = await graph.tokenSource.get(call()).catch((error: unknown) => error);
    expect(Bun.inspect(failure, { depth: 9 })).not.toContain(secret);
  });
});

describe("the probe", () => {
  const { signal } = new AbortController();

  test("tells rights that are missing or too many, and the clock's difference", async () => {
    const entra = setUpEntra({ roles: ["User.Read.All", "Directory.ReadWrite.All"] });
    const probe = createEntraProbe({
      ...entra.options,
      clock: { now: () => entra.clock.now() - 600_000 },
      credential: { kind: "secret", read: async () => entra.application.secret },
    });
    expect(await probe.token({ mailboxes: false, signal })).toEqual({
      ok: true,
      value: {
        roles: ["User.Read.All", "Directory.ReadWrite.All"],
        missing: ["Group.Read.All", "GroupMember.Read.All"],
        excess: ["Directory.ReadWrite.All"],
        skew: 600_000,
      },
    });
  });

  test("finds the parent group and what is in it, or says why not", async () => {
    const entra = setUpEntra();
    const probe = createEntraProbe(entra.options);
    const parent = await probe.group({ name: "SecureExchanges_Licences" }, signal);
    expect(parent).toMatchObject({ ok: true, value: { id: entra.groups.parent } });
    if (!parent.ok) throw parent.error;
    const members = await probe.memberGroups(parent.value, signal);
    expect(members.ok && members.value.map((group) => group.displayName).sort()).toEqual([
      "Advanced",
      "Eco",
      "No_Licence",
      "Pro",
    ]);
    expect(await probe.group({ name: "Nobody" }, signal)).toMatchObject({
      ok: false,
      error: { code: "ERR_GROUP_NOT_FOUND" },
    });
  });

  test("does not mind a token that cannot be decoded", () => {
    expect(grantedRoles("opaque")).toBeNull();
    expect(grantedRoles("a.b.c")).toBeNull();
  });
});
