import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { Webhook as Receiver } from "standardwebhooks";
import { createNotifier } from "../../src/notify/notifier.ts";
import { newOutbox, notice, recordingLogger, SAMPLES, waits } from "../support/notices.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

let server: Bun.Server<undefined>;
let received: Received[] = [];
let answer = (): Response => new Response("ok");

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = await request.text();
      const { pathname: path } = new URL(request.url);
      received.push({ path, headers: Object.fromEntries(request.headers), body });
      return answer();
    },
  });
});
afterAll(() => server.stop(true));
beforeEach(() => {
  received = [];
  answer = () => new Response("ok");
});

function fixture(secret = SECRET, heartbeat: string | null = null) {
  const queue = newOutbox();
  const logger = recordingLogger();
  const notifier = createNotifier({
    tenant: "contoso",
    queue,
    email: null,
    webhook: { url: `http://127.0.0.1:${server.port}/hook-4711`, secret: async () => secret },
    heartbeat,
    digest: "daily",
    timezone: null,
    fetch,
    clock: { now: () => Date.now() },
    logger,
  });
  const deliver = () => notifier.deliver({ pauses: false, signal: AbortSignal.timeout(5000) });
  return { queue, notifier, deliver, logger };
}

describe("the web hook", () => {
  test("posts events that an independent implementation of Standard Webhooks accepts", async () => {
    const { queue, deliver } = fixture();
    queue.add([waits("Ada"), waits("Grace")], Date.UTC(2026, 2, 1));
    expect(await deliver()).toEqual({ sent: 1, failed: 0, abandoned: 0 });
    const [post] = received as [Received];
    const payload = new Receiver(SECRET).verify(post.body, post.headers);
    const { kind: _, ...sample } = SAMPLES["seats.exhausted"];
    expect(payload).toEqual({
      type: "seats.exhausted",
      timestamp: "2026-03-01T00:00:00.000Z",
      data: {
        tenant: "contoso",
        count: 2,
        events: ["Ada", "Grace"].map((displayName) => ({ ...sample, person: { ...sample.person, displayName } })),
      },
    });
    const forged = post.body.replace("Ada", "Eve");
    expect(() => new Receiver(SECRET).verify(forged, post.headers)).toThrow();
  });

  test("tries again under the same id, one message for each topic, digest or not", async () => {
    const { queue, deliver, logger } = fixture();
    queue.add([notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"])], 0);
    answer = () => new Response("no", { status: 503 });
    // Long after it happened: three days count from the first try.
    expect(await deliver()).toEqual({ sent: 0, failed: 2, abandoned: 0 });
    expect(logger.lines.find(({ level }) => level === "warn")?.properties?.["error"]).toContain("answered 503");
    answer = () => new Response(null, { status: 204 });
    expect(await deliver()).toEqual({ sent: 2, failed: 0, abandoned: 0 });
    expect(await deliver()).toEqual({ sent: 0, failed: 0, abandoned: 0 });
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    expect(ids.slice(2)).toEqual(ids.slice(0, 2));
    expect(new Set(ids).size).toBe(2);
  });

  test("does not follow a redirection with a signed body", async () => {
    const { queue, deliver } = fixture();
    queue.add([notice("1")], 0);
    answer = () => Response.redirect(`http://127.0.0.1:${server.port}/elsewhere`, 307);
    expect((await deliver()).failed).toBe(1);
    expect(received.map(({ path }) => path)).toEqual(["/hook-4711"]);
  });

  test("never writes its address or secret into the log", async () => {
    const { queue, deliver, logger } = fixture();
    queue.add([notice("1")], 0);
    answer = () => new Response("no", { status: 500 });
    await deliver();
    expect(JSON.stringify(logger.lines)).not.toMatch(/hook-4711|whsec_/);
  });

  test.each(["hunter2", "a secret of words", randomBytes(24).toString("hex")])(
    "signs with a secret of another kind as it stands: %p",
    async (secret) => {
      const { queue, deliver, notifier } = fixture(`${secret}\n`);
      queue.add([notice("1")], 0);
      expect(await deliver()).toMatchObject({ sent: 1, failed: 0 });
      const [post] = received as [Received];
      expect(() => new Receiver(secret, { format: "raw" }).verify(post.body, post.headers)).not.toThrow();
      expect(await notifier.verify(AbortSignal.timeout(1000))).toMatchObject([{ id: "notify.webhook", level: "ok" }]);
    },
  );

  test.each(["whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all"])(
    "refuses %p as a secret and sends nothing",
    async (secret) => {
      const { queue, deliver, notifier } = fixture(secret);
      queue.add([notice("1")], 0);
      expect((await deliver()).failed).toBe(1);
      expect(received).toEqual([]);
      expect(await notifier.verify(AbortSignal.timeout(1000))).toMatchObject([{ id: "notify.webhook", level: "fail" }]);
    },
  );

  test("is checked without a request, and tested with one", async () => {
    const { notifier } = fixture();
    expect(await notifier.verify(AbortSignal.timeout(1000))).toMatchObject([{ id: "notify.webhook", level: "ok" }]);
    expect(received).toEqual([]);
    expect(await notifier.sendTest(AbortSignal.timeout(1000))).toMatchObject([
      { id: "notify.webhook.test", level: "ok" },
    ]);
    const [post] = received as [Received];
    expect(new Receiver(SECRET).verify(post.body, post.headers)).toMatchObject({ type: "test" });
  });
});

describe("the heartbeat", () => {
  test("is one GET, and a failure is a line in the log", async () => {
    const { notifier, logger } = fixture(SECRET, `http://127.0.0.1:${server.port}/beat-0815`);
    expect(await notifier.heartbeat(AbortSignal.timeout(1000))).toBe(true);
    expect(received.map(({ path }) => path)).toEqual(["/beat-0815"]);
    answer = () => new Response("no", { status: 404 });
    expect(await notifier.heartbeat(AbortSignal.timeout(1000))).toBe(false);
    expect(logger.lines).toHaveLength(1);
    expect(JSON.stringify(logger.lines)).toContain("404");
    expect(JSON.stringify(logger.lines)).not.toContain("beat-0815");
  });

  test("does not wait longer than it is given", async () => {
    const { notifier } = fixture(SECRET, `http://127.0.0.1:${server.port}/`);
    expect(await notifier.heartbeat(AbortSignal.abort())).toBe(false);
  });

  test("is silent when it is not configured", async () => {
    expect(await fixture().notifier.heartbeat(AbortSignal.timeout(1000))).toBe(false);
    expect(received).toEqual([]);
  });
});
