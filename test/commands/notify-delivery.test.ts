/** Nothing is lost and nothing comes twice, whatever happens on the way; and nothing secret is left behind. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Webhook as Receiver } from "standardwebhooks";
import { atEnd } from "../support/clean-up.ts";
import { openHome, type TestHome } from "../support/home.ts";
import { type MailHome, openMailHome, PASSWORD } from "../support/mail-home.ts";
import { startMailServer } from "../support/mail-server.ts";

const HOUR = 60 * 60 * 1000;
const MAIN = join(import.meta.dir, "../../src/main.ts");

afterEach(() => {
  setSystemTime();
});

function passTime(milliseconds: number): void {
  setSystemTime(new Date(Date.now() + milliseconds));
}

function waits(home: TestHome, name: string): void {
  home.person(name, ["Pro"]);
}

/** A mail server that takes connections and never says a word. */
async function silentServer(port: number, connected: () => void): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    connected();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
}

/** `sync` as a process of its own. */
function startSync(home: TestHome) {
  const child = Bun.spawn([process.execPath, MAIN, "sync", "--home", home.home], {
    stdout: "ignore",
    stderr: "ignore",
  });
  atEnd(() => child.kill("SIGKILL"));
  return child;
}

/** A web server that keeps what is asked of it. */
function listening(answer: () => number = () => 204) {
  const requests: { readonly headers: Record<string, string>; readonly body: string }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      requests.push({ headers: request.headers.toJSON() as Record<string, string>, body: await request.text() });
      return new Response(null, { status: answer() });
    },
  });
  atEnd(() => server.stop(true));
  return { requests, url: `http://127.0.0.1:${server.port}` };
}

function everyFile(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

describe("a mail server that is down", () => {
  test("fails no cycle; each event arrives once when it is back, whatever happened meanwhile", async () => {
    const { home, server } = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    await server.stop();
    waits(home, "Ana");
    expect((await home.run("sync")).code).toBe(0);
    waits(home, "Ben");
    const second = await home.run("sync");
    expect(second.code).toBe(0);
    expect(second.err).toContain("could not be delivered");
    await using back = await startMailServer({}, server.port);
    expect((await home.run("sync")).code).toBe(0);
    expect((await home.run("sync")).code).toBe(0);
    expect(back.mails.map((mail) => mail.header("Subject")).sort()).toEqual([
      "[tiersync] contoso: no Pro seat is free: Ana waits",
      "[tiersync] contoso: no Pro seat is free: Ben waits",
    ]);
  });

  test("that refuses for the time being gets the same message again, by its id", async () => {
    const ids: string[] = [];
    const at: MailHome = await openMailHome({
      seats: { Pro: 0 },
      mailboxSettings: false,
      server: {
        onData: (stream, _session, done) => {
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            ids.push(/^Message-ID: (.*)$/im.exec(Buffer.concat(chunks).toString())?.[1] ?? "");
            const refusal = Object.assign(new Error("try again later"), { responseCode: 451 });
            done(ids.length < 3 ? refusal : null);
          });
        },
      },
    });
    waits(at.home, "Ana");
    for (let cycle = 0; cycle < 4; cycle += 1) await at.home.run("sync");
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });
});

describe("an agent that is killed", () => {
  test("between the cycle and the delivery loses no mail, and sends none twice", async () => {
    const { home, server } = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    await server.stop();
    const reached = Promise.withResolvers<void>();
    const stop = await silentServer(server.port, reached.resolve);
    waits(home, "Ana");
    const child = startSync(home);
    await reached.promise;
    child.kill("SIGKILL");
    await child.exited;
    await stop();
    await using back = await startMailServer({}, server.port);
    const { code, json } = await home.run("sync", "--json");
    expect({ code, actions: json.cycles[0].actions.wait }).toEqual({ code: 0, actions: 0 });
    await home.run("sync");
    expect(back.mails.map((mail) => mail.header("Subject"))).toEqual([
      "[tiersync] contoso: no Pro seat is free: Ana waits",
    ]);
  });

  test("after the server took the mail and before that was written down sends it again under the same id", async () => {
    const ids: (string | undefined)[] = [];
    const taken = Promise.withResolvers<void>();
    const idOf = (raw: string) => /^Message-ID: (.*)$/im.exec(raw)?.[1];
    const { home, server } = await openMailHome({
      seats: { Pro: 0 },
      mailboxSettings: false,
      server: {
        // Never answers: the agent waits for it.
        onData: (stream) => {
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            ids.push(idOf(Buffer.concat(chunks).toString()));
            taken.resolve();
          });
        },
      },
    });
    waits(home, "Ana");
    const child = startSync(home);
    await taken.promise;
    child.kill("SIGKILL");
    await child.exited;
    await server.stop();
    await using back = await startMailServer({}, server.port);
    await home.run("sync");
    await home.run("sync");
    expect(back.mails.map(({ raw }) => idOf(raw))).toEqual(ids);
    expect(ids).toEqual([expect.stringContaining("@contoso.example")]);
  });
});

describe("digest: daily", () => {
  test("gathers the events of a day into one mail", async () => {
    const at = await openMailHome({ seats: { Pro: 0, Eco: 0 }, mailboxSettings: false, notify: "digest: daily" });
    const { home } = at;
    waits(home, "Ana");
    await home.run("sync");
    home.person("Ben", ["Eco"]);
    await home.run("sync");
    expect(at.news()).toEqual([]);
    passTime(24 * HOUR);
    await home.run("sync");
    const [digest, ...more] = at.news();
    expect(more).toEqual([]);
    expect(digest?.header("Subject")).toBe("[tiersync] contoso: 2 events of the day");
    const text = digest?.part("text/plain") ?? "";
    for (const part of ["Ana", "Ben", "Buy more Pro seats", "Buy more Eco seats"]) expect(text).toContain(part);
    passTime(24 * HOUR);
    await home.run("sync");
    expect(at.news()).toEqual([]);
  });
});

describe("a web hook", () => {
  test("gets the same events, signed as Standard Webhooks says, again when it was not there", async () => {
    let status = 503;
    const { requests, url } = listening(() => status);
    const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    const home = openHome({
      seats: { Pro: 0 },
      mailboxSettings: false,
      extra: `notify: {webhook: {url: "${url}/services/T0/very-secret-path", secret: "file:keys/hook.txt"}}`,
    });
    writeFileSync(join(home.home, "keys", "hook.txt"), secret, { mode: 0o600 });
    waits(home, "Ana");
    const { code, err } = await home.run("sync");
    expect(code).toBe(0);
    expect(err).toContain("answered 503");
    status = 204;
    await home.run("sync");
    await home.run("sync");
    expect(requests).toHaveLength(2);
    const receiver = new Receiver(secret);
    for (const { headers, body } of requests) {
      expect(receiver.verify(body, headers)).toMatchObject({
        type: "seats.exhausted",
        data: { tenant: "contoso", count: 1, events: [{ tier: "Pro", person: { displayName: "Ana" } }] },
      });
    }
    expect(requests[0]?.headers["webhook-id"]).toBe(requests[1]?.headers["webhook-id"] ?? "");
    const left = err + everyFile(join(home.home, "logs")) + everyFile(join(home.home, "data"));
    expect(left).not.toContain("very-secret-path");
    expect(left).not.toContain(secret.slice("whsec_".length));
  });
});

describe("the heartbeat", () => {
  test("is sent after good cycles only, and not after one about a single person", async () => {
    const { requests, url } = listening();
    const home = openHome({ extra: `notify: {heartbeat: "${url}/ping/secret-uuid"}` });
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    expect(requests).toHaveLength(1);
    home.simulator.faults.add({ kind: "aadsts", code: 7000222, times: 1 });
    expect((await home.run("sync")).code).toBe(1);
    await home.run("sync", "--user", ana);
    await home.run("plan");
    await home.run("check");
    expect(requests).toHaveLength(1);
    await home.run("sync");
    expect(requests).toHaveLength(2);
  });

  test("that nobody answers fails no cycle, and its address is not logged", async () => {
    const home = openHome({ extra: 'notify: {heartbeat: "http://127.0.0.1:1/ping/secret-uuid"}' });
    const { code, err } = await home.run("sync");
    expect(code).toBe(0);
    expect(err).toContain("heartbeat to 127.0.0.1:1");
    expect(err + everyFile(join(home.home, "logs"))).not.toContain("secret-uuid");
  });
});

describe("the password of the mail server", () => {
  test.each([
    ["accepted", PASSWORD],
    ["refused", "wrong-horse-battery"],
  ])("is in no log, no output and no database when it is %s", async (_, password) => {
    const { home } = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    writeFileSync(join(home.home, "keys", "smtp.txt"), password, { mode: 0o600 });
    waits(home, "Ana");
    const { out, err, code } = await home.run("sync", "--verbose");
    expect(code).toBe(0);
    const left = [out, err, everyFile(join(home.home, "logs")), everyFile(join(home.home, "data"))].join("\n");
    for (const form of [password, Buffer.from(password).toString("base64"), encodeURIComponent(password)]) {
      expect(left).not.toContain(form);
    }
    expect(left).not.toContain(Buffer.from(`\0agent\0${password}`).toString("base64"));
  });
});
