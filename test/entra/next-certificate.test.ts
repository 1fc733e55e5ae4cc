import { describe, expect, test } from "bun:test";
import type { NextCertificate } from "../../src/entra/next-certificate.ts";
import { AgentError } from "../../src/errors.ts";
import type { Logger } from "../../src/log.ts";
import { makeCertificate } from "../support/certificate.ts";
import { call, type FakeGraphOptions, fakeGraph, json } from "../support/fake-graph.ts";

const present = makeCertificate();
const following = makeCertificate();
const granted = (token: string): Response => json({ access_token: token, expires_in: 3599 });
const refused = (code: number): Response =>
  json({ error: "invalid_client", error_codes: [code], trace_id: crypto.randomUUID() }, 401);

/** `answers`: what the token endpoint says in its order, the last one from then on. */
function setUp(answers: readonly (() => Response)[], next: Partial<NextCertificate> = {}, more: FakeGraphOptions = {}) {
  const taken: string[] = [];
  const warnings: string[] = [];
  const warn: Logger["warn"] = (_, properties) => warnings.push(String(properties?.["message"]));
  const graph = fakeGraph(() => json({ value: [] }), {
    token: (index) => (answers[index - 1] ?? answers.at(-1))?.() ?? granted("fallback"),
    credential: {
      kind: "certificate",
      read: async () => present.pem,
      algorithm: "PS256",
      next: {
        read: async () => following.pem,
        accepted: async ({ sha1 }) => void taken.push(sha1),
        ...next,
      },
    },
    logger: { debug() {}, info() {}, warn, error() {} },
    ...more,
  });
  const { tokenSource, tokens } = graph;
  /** One cycle that wants a token several times at once; the token. */
  const cycle = async (): Promise<string> => {
    tokenSource.begin();
    const got = await Promise.all([1, 2, 3].map(() => tokenSource.get(call())));
    expect(new Set(got).size).toBe(1);
    return got[0] ?? "";
  };
  return { cycle, tokenSource, tokens, taken, warnings };
}

describe("the next certificate", () => {
  test("is tried once a cycle, and its token is used once it is taken", async () => {
    const answers = [() => refused(700027), () => granted("present"), () => refused(700027), () => granted("next")];
    const { cycle, tokens, taken, warnings } = setUp(answers);
    expect([await cycle(), tokens()]).toEqual(["present", 2]);
    expect([await cycle(), tokens()]).toEqual(["present", 3]);
    expect(taken).toEqual([]);
    expect([await cycle(), tokens()]).toEqual(["next", 4]);
    expect(taken).toEqual([following.thumbprintSha1]);
    expect(warnings).toEqual([]);
  });

  test("is not tried before a cycle begins, nor when there is none", async () => {
    const waiting = setUp([() => granted("present")]);
    await waiting.tokenSource.get(call());
    expect([waiting.tokens(), waiting.taken]).toEqual([1, []]);
    const none = setUp([() => granted("present")], { read: async () => null });
    for (const _ of [1, 2, 3]) expect(await none.cycle()).toBe("present");
    expect([none.tokens(), none.taken]).toEqual([1, []]);
  });

  test.each([
    ["a proxy that answers in Entra's place", () => new Response("<html>", { status: 200 })],
    ["an endpoint that is overloaded", () => json({}, 503)],
  ])("is not taken for accepted by %s", async (_, answer) => {
    const { cycle, taken, warnings } = setUp([answer, () => granted("present")]);
    expect(await cycle()).toBe("present");
    expect([taken, warnings]).toEqual([[], []]);
  });

  test("that is refused for another reason is told of once", async () => {
    const answers = [() => refused(700030), () => granted("present"), () => refused(700030)];
    const { cycle, warnings } = setUp(answers);
    for (const _ of [1, 2, 3]) expect(await cycle()).toBe("present");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("AADSTS700030");
  });

  test("that cannot be put in place is used all the same, and said", async () => {
    const accepted = async (): Promise<void> => {
      throw new AgentError("ERR_PLATFORM", "the folder is read-only");
    };
    const { cycle, warnings } = setUp([() => granted("next")], { accepted });
    for (const _ of [1, 2]) expect(await cycle()).toBe("next");
    expect(warnings).toEqual(["the folder is read-only"]);
  });

  test("does not keep a cycle that is stopped, and is not blamed for it", async () => {
    const stop = new AbortController();
    const fetch = () => {
      stop.abort();
      return new Promise<Response>(() => {});
    };
    const { tokenSource, warnings } = setUp([], {}, { fetch });
    tokenSource.begin();
    const failure = await tokenSource.get(call({ signal: stop.signal })).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ERR_STOPPED" });
    expect(warnings).toEqual([]);
  });

  test("is asked about by the probe without being taken", async () => {
    const { tokenSource, taken } = setUp([() => granted("next")]);
    expect(await tokenSource.offerNext(call())).toMatchObject({ kind: "taken", sha1: following.thumbprintSha1 });
    expect(taken).toEqual([]);
  });
});
