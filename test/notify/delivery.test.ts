import { describe, expect, test } from "bun:test";
import type { SMTPServerOptions } from "smtp-server";
import type { MailOptions } from "../../src/notify/mail.ts";
import { createNotifier, type NotifierOptions } from "../../src/notify/notifier.ts";
import { LOGIN, type MailServer, startMailServer, TEST_CERTIFICATE } from "../support/mail-server.ts";
import { newOutbox, notice, recordingLogger, SAMPLES, testClock, waits } from "../support/notices.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Refusing {
  readonly to: string;
  readonly code: number;
}

/** Refuses these recipients as they are asked for. */
function refusing(refusals: readonly Refusing[]): NonNullable<SMTPServerOptions["onRcptTo"]> {
  return ({ address }, _session, done) => {
    const refusal = refusals.find(({ to }) => to === address);
    if (refusal === undefined) return done();
    done(Object.assign(new Error("no such mailbox"), { responseCode: refusal.code }));
  };
}

function fixture(port: number, mail: Partial<MailOptions> = {}, more: Partial<NotifierOptions> = {}) {
  const queue = newOutbox();
  const clock = testClock();
  const logger = recordingLogger();
  const email: MailOptions = {
    host: "127.0.0.1",
    port,
    security: "starttls",
    login: LOGIN,
    ca: TEST_CERTIFICATE.caPem,
    proxy: null,
    from: "tiersync@contoso.example",
    to: ["admin@contoso.example"],
    language: "en",
    timeouts: { connect: 3000, silence: 3000 },
    ...mail,
  };
  const notifier = createNotifier({
    tenant: "contoso",
    queue,
    email,
    webhook: null,
    heartbeat: null,
    digest: null,
    timezone: "UTC",
    fetch,
    clock,
    logger,
    ...more,
  });
  const add = (...notices: Parameters<typeof queue.add>[0]) => queue.add(notices, clock.now());
  const deliver = (pauses = true, signal = AbortSignal.timeout(10_000)) => notifier.deliver({ pauses, signal });
  const problems = () => logger.lines.filter(({ level }) => level === "warn" || level === "error");
  return { queue, clock, notifier, add, deliver, problems };
}

const subjects = ({ mails }: MailServer) => mails.map((mail) => mail.header("Subject"));

describe("delivery by e-mail", () => {
  test("sends each event once, secured and logged in, and tells later ones as news", async () => {
    await using server = await startMailServer();
    const { add, deliver } = fixture(server.port, { to: ["a@contoso.example", "b@contoso.example"] });
    add(waits("Ada"), waits("Grace"));
    expect(await deliver()).toEqual({ sent: 1, failed: 0, abandoned: 0 });
    add(waits("Ada"), waits("Edsger"));
    expect(await deliver()).toEqual({ sent: 1, failed: 0, abandoned: 0 });
    expect(await deliver()).toEqual({ sent: 0, failed: 0, abandoned: 0 });
    expect(subjects(server)).toEqual([
      "[tiersync] contoso: no Pro seat is free: 2 people wait",
      "[tiersync] contoso: no Pro seat is free: Edsger waits",
    ]);
    expect(server.mails[0]).toMatchObject({
      from: "tiersync@contoso.example",
      to: ["a@contoso.example", "b@contoso.example"],
      user: "agent",
      secure: true,
    });
    expect(server.mails[0]?.header("Auto-Submitted")).toBe("auto-generated");
    expect(server.mails[0]?.part("text/plain")).toStartWith("Buy more Pro seats");
    expect(server.mails[0]?.part("text/html")).toContain("<strong>Buy more Pro seats");
  });

  test("loses nothing while the server is down, and catches up when it is back", async () => {
    const gone = await startMailServer();
    await gone.stop();
    const { add, deliver, clock, queue, problems } = fixture(gone.port);
    add(notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"]));
    expect(await deliver()).toEqual({ sent: 0, failed: 2, abandoned: 0 });
    expect(await deliver()).toEqual({ sent: 0, failed: 0, abandoned: 0 });
    expect(problems()[0]?.properties?.["error"]).toContain(`127.0.0.1:${gone.port}`);
    clock.pass(MINUTE);
    expect((await deliver()).failed).toBe(2);
    clock.pass(MINUTE);
    expect((await deliver()).failed).toBe(0);

    await using server = await startMailServer({}, gone.port);
    add(notice("3"));
    // The two that wait for their pause go with the one that is due.
    expect(await deliver()).toEqual({ sent: 3, failed: 0, abandoned: 0 });
    expect(server.mails).toHaveLength(3);
    expect(queue.counts().waiting).toBe(0);
  });

  test("gives a message up after three days and says so", async () => {
    const gone = await startMailServer();
    await gone.stop();
    const { add, deliver, clock, queue, problems } = fixture(gone.port);
    add(notice("1"));
    await deliver();
    clock.pass(3 * DAY - MINUTE);
    expect((await deliver()).failed).toBe(1);
    clock.pass(DAY);
    expect(await deliver()).toEqual({ sent: 0, failed: 0, abandoned: 1 });
    expect(queue.counts()).toMatchObject({ waiting: 0, refused: 0, failed: 1 });
    expect(problems().at(-1)).toMatchObject({ level: "error", properties: { topics: ["seats.low"] } });
    expect(await deliver(false)).toEqual({ sent: 0, failed: 0, abandoned: 0 });
  });

  test("tries once in each one-shot cycle, pauses or not", async () => {
    const gone = await startMailServer();
    await gone.stop();
    const { add, deliver } = fixture(gone.port);
    add(notice("1"));
    for (let cycle = 0; cycle < 3; cycle += 1) expect((await deliver(false)).failed).toBe(1);
  });

  test("reaches the others when one recipient is refused, and says whom", async () => {
    const to = ["good@contoso.example", "gone@contoso.example"];
    await using server = await startMailServer({ onRcptTo: refusing([{ to: "gone@contoso.example", code: 550 }]) });
    const { add, deliver, problems } = fixture(server.port, { to });
    add(notice("1"));
    expect(await deliver()).toEqual({ sent: 1, failed: 0, abandoned: 0 });
    expect(server.mails.map((mail) => mail.to)).toEqual([["good@contoso.example"]]);
    expect(problems()[0]?.properties).toMatchObject({
      address: "gone@contoso.example",
      reply: "550 no such mailbox",
      permanent: true,
    });
    expect((await deliver(false)).sent).toBe(0);
  });

  test("asks again only for the recipient who was put off, under the same Message-ID", async () => {
    const to = ["good@contoso.example", "grey@contoso.example"];
    const refusals: Refusing[] = [{ to: "grey@contoso.example", code: 451 }];
    await using server = await startMailServer({ onRcptTo: refusing(refusals) });
    const { add, deliver, clock } = fixture(server.port, { to });
    add(notice("1"));
    expect(await deliver()).toEqual({ sent: 0, failed: 1, abandoned: 0 });
    refusals.pop();
    clock.pass(MINUTE);
    expect(await deliver()).toEqual({ sent: 1, failed: 0, abandoned: 0 });
    expect(server.mails.map((mail) => mail.to)).toEqual([["good@contoso.example"], ["grey@contoso.example"]]);
    const ids = server.mails.map((mail) => mail.header("Message-ID"));
    expect(ids[0]).toMatch(/^<[0-9a-f-]{36}@contoso\.example>$/);
    expect(ids[1]).toBe(ids[0]);
  });

  test("goes on with the next message when the server refuses one", async () => {
    let first = true;
    await using server = await startMailServer({
      onMailFrom: (_address, _session, done) => {
        if (!first) return done();
        first = false;
        done(Object.assign(new Error("not now"), { responseCode: 450 }));
      },
    });
    const { add, deliver } = fixture(server.port);
    add(notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"]));
    expect(await deliver()).toEqual({ sent: 1, failed: 1, abandoned: 0 });
    expect((await deliver(false)).sent).toBe(1);
    expect(server.mails).toHaveLength(2);
  });

  test("is not held up by a server that says nothing", async () => {
    await using server = await startMailServer({ onConnect: () => undefined });
    const { add, deliver, problems } = fixture(server.port, { timeouts: { connect: 200, silence: 200 } });
    add(notice("1"));
    expect((await deliver()).failed).toBe(1);
    expect(problems()[0]?.properties?.["error"]).toContain("no connection");
  });

  test("is not held up by a server that falls silent in the middle", async () => {
    await using server = await startMailServer({ onData: (stream) => void stream.resume() });
    const { add, deliver } = fixture(server.port, { timeouts: { connect: 3000, silence: 300 } });
    add(notice("1"));
    expect((await deliver()).failed).toBe(1);
    expect(server.mails).toEqual([]);
  });

  test("ends with the caller's signal, and the rest stays as it was", async () => {
    await using server = await startMailServer({ onData: (stream) => void stream.resume() });
    const { add, deliver, queue } = fixture(server.port);
    add(notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"]));
    expect(await deliver(true, AbortSignal.timeout(400))).toEqual({ sent: 0, failed: 1, abandoned: 0 });
    expect(
      queue
        .open("email", null)
        .map(({ attempts }) => attempts)
        .sort(),
    ).toEqual([0, 1]);
  });

  test("tries again when the connection is closed in the middle of a message", async () => {
    let closing = true;
    await using server = await startMailServer({
      onMailFrom: (_address, _session, done) => {
        if (closing) server.drop();
        else done();
        closing = false;
      },
    });
    const { add, deliver } = fixture(server.port);
    add(notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"]));
    expect((await deliver()).failed).toBe(2);
    expect((await deliver(false)).sent).toBe(2);
    expect(server.mails).toHaveLength(2);
  });

  test("sends a message whose answer was lost again under the same Message-ID", async () => {
    const ids: (string | undefined)[] = [];
    await using server = await startMailServer({
      onData: (stream, _session, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          ids.push(/^Message-ID: (.*)\r$/m.exec(Buffer.concat(chunks).toString())?.[1]);
          if (ids.length === 1) server.drop();
          else done();
        });
      },
    });
    const { add, deliver } = fixture(server.port);
    add(notice("1"));
    expect((await deliver()).failed).toBe(1);
    expect((await deliver(false)).sent).toBe(1);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBeDefined();
    expect(ids[1]).toBe(ids[0] as string);
  });

  test("does not send a message twice when two deliveries are asked for at once", async () => {
    await using server = await startMailServer();
    const { add, deliver } = fixture(server.port);
    add(notice("1"));
    const [one, two] = await Promise.all([deliver(), deliver()]);
    expect([one.sent, two.sent]).toEqual([1, 0]);
    expect(server.mails).toHaveLength(1);
  });

  test("gathers a day's events in one mail with `digest: daily`", async () => {
    await using server = await startMailServer();
    const { add, deliver, clock } = fixture(server.port, {}, { digest: "daily" });
    add(waits("Ada"));
    clock.pass(60 * MINUTE);
    add(notice("2", SAMPLES["purge.done"]));
    expect((await deliver(false)).sent).toBe(0);
    clock.pass(DAY);
    expect((await deliver(false)).sent).toBe(1);
    expect(subjects(server)).toEqual(["[tiersync] contoso: 2 events of the day"]);
    expect(server.mails[0]?.part("text/plain")).toContain("Ada");
    expect(server.mails[0]?.part("text/plain")).toContain("deleted for good");
  });

  test("says nothing later of what happened while no mail server was configured", async () => {
    await using server = await startMailServer();
    const silent = fixture(server.port, {}, { email: null });
    silent.add(notice("1"));
    expect((await silent.deliver()).sent).toBe(0);
    const speaking = fixture(server.port, {}, { queue: silent.queue });
    expect((await speaking.deliver()).sent).toBe(0);
    silent.add(notice("2"));
    expect((await speaking.deliver()).sent).toBe(1);
  });
});
