import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import type { OutgoingMessage } from "../../src/cycle/message-ports.ts";
import type { NoticeData } from "../../src/model/notice.ts";
import { createMailer, type MailOptions } from "../../src/notify/mail.ts";
import { makeServerCertificate } from "../support/certificate.ts";
import { LOGIN, startMailServer, TEST_CERTIFICATE } from "../support/mail-server.ts";
import { recordingLogger, SAMPLES } from "../support/notices.ts";

function mailer(port: number, options: Partial<MailOptions> = {}) {
  return createMailer(
    "contoso",
    {
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
      ...options,
    },
    recordingLogger(),
  );
}

const soon = () => AbortSignal.timeout(10_000);

function message(...data: NoticeData[]): OutgoingMessage {
  const events = data.map((one) => ({ topic: one.kind, data: one, at: 0 }));
  return { id: "m1", channel: "email", createdAt: Date.UTC(2026, 2, 1), attempts: 0, recipients: null, events };
}

describe("the connection to the mail server", () => {
  test("is told in words when everything is right", async () => {
    await using server = await startMailServer();
    const told = await mailer(server.port).verify(soon());
    expect(told).toBe(`127.0.0.1:${server.port} answers; TLSv1.3, certificate valid; login as agent accepted`);
    expect(server.mails).toEqual([]);
  });

  test("can be secured from the first byte", async () => {
    await using server = await startMailServer({ secure: true });
    expect(await mailer(server.port, { security: "tls" }).verify(soon())).toContain("TLSv1.3");
  });

  test("goes in clear only when that was asked for", async () => {
    await using server = await startMailServer({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
    expect(await mailer(server.port, { security: "none" }).verify(soon())).toContain("in clear");
    const refused = mailer(server.port).verify(soon());
    await expect(refused).rejects.toMatchObject({
      code: "ERR_NOTIFY",
      hint: expect.stringContaining("must offer STARTTLS"),
    });
  });

  test.each([
    ["comes from an unknown authority", null, TEST_CERTIFICATE],
    ["is for another host", "mail.elsewhere.example", makeServerCertificate("mail.elsewhere.example")],
  ])("is refused when the certificate %s", async (_, host, certificate) => {
    await using server = await startMailServer({ key: certificate.keyPem, cert: certificate.certificatePem });
    const ca = host === null ? null : certificate.caPem;
    await expect(mailer(server.port, { ca }).verify(soon())).rejects.toMatchObject({
      code: "ERR_NOTIFY",
      message: expect.stringContaining("its certificate is not valid"),
    });
  });

  test("tells a wrong password apart and never shows it", async () => {
    await using server = await startMailServer();
    const login = { user: "agent", password: async () => "hunter2" };
    const error = await mailer(server.port, { login })
      .verify(soon())
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "ERR_NOTIFY", message: expect.stringContaining("the login was refused") });
    expect(JSON.stringify([error, error.message, error.facts])).not.toContain("hunter2");
  });

  test("goes through a proxy that is configured", async () => {
    await using server = await startMailServer();
    const asked: string[] = [];
    const proxy = createServer((client) => {
      client.once("data", (request) => {
        asked.push(request.toString().split("\r\n", 1)[0] ?? "");
        const upstream = connect(server.port, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 OK\r\n\r\n");
          client.pipe(upstream).pipe(client);
        });
        upstream.on("error", () => client.destroy());
      });
      client.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", () => resolve()));
    const address = proxy.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const told = await mailer(server.port, { proxy: `http://127.0.0.1:${port}` }).verify(soon());
    expect(told).toContain("certificate valid");
    expect(asked).toEqual([`CONNECT 127.0.0.1:${server.port} HTTP/1.1`]);
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe("a mail", () => {
  const evil = {
    ...SAMPLES["seats.exhausted"],
    person: {
      id: "u1",
      address: "x@contoso.example\r\nBcc: victim@elsewhere.example",
      displayName: 'Eve\r\nBcc: victim@elsewhere.example\r\n\r\n<img src="//elsewhere.example/a.png">\u202e',
    },
  };

  async function sent(data: NoticeData, options: Partial<MailOptions> = {}) {
    await using server = await startMailServer();
    const outlet = await mailer(server.port, options).open(soon());
    await outlet.send(message(data));
    outlet.close();
    const [mail] = server.mails;
    if (mail === undefined) throw new Error("nothing arrived");
    return mail;
  }

  test("may name people beside their addresses, and domains in any script", async () => {
    await using server = await startMailServer();
    const to = ["Admins <admin@contoso.example>", "jobs@bücher.example"];
    const post = mailer(server.port, { from: "Licences Contoso <tiersync@contoso.example>", to });
    expect(await post.sendTest("m1", 0, soon())).toEqual({
      accepted: ["admin@contoso.example", "jobs@xn--bcher-kva.example"],
      refused: [],
      rejected: null,
    });
    const [mail] = server.mails;
    expect(mail?.from).toBe("tiersync@contoso.example");
    expect(mail?.header("From")).toBe("Licences Contoso <tiersync@contoso.example>");
    expect(mail?.header("To")).toBe("Admins <admin@contoso.example>, jobs@xn--bcher-kva.example");
  });

  test("cannot be given headers or recipients by a name", async () => {
    const mail = await sent(evil);
    expect(mail.to).toEqual(["admin@contoso.example"]);
    expect(mail.header("Bcc")).toBeUndefined();
    expect(mail.header("Subject")).toStartWith("[tiersync] contoso: no Pro seat is free: Eve\u{FFFD}\u{FFFD}Bcc:");
    expect(
      mail
        .part("text/plain")
        .split("\n")
        .some((line) => line.startsWith("Bcc")),
    ).toBe(false);
  });

  test("cannot be given HTML by a name, and refers to nothing outside itself", async () => {
    const html = (await sent(evil)).part("text/html");
    expect(html).toContain("&lt;img src=&quot;//elsewhere.example/a.png&quot;&gt;\u{FFFD}");
    expect(html).not.toMatch(/<(img|script|link|iframe|a)\b|\b(src|href)=["']|url\(/i);
  });

  test("has its accents and its language", async () => {
    const mail = await sent(SAMPLES["cycle.recovered"], { language: "fr" });
    expect(mail.header("Subject")).toBe("[tiersync] contoso: la synchronisation fonctionne de nouveau");
    expect(mail.part("text/plain")).toContain("Rien à faire\u{A0}: l'agent a rattrapé son retard.");
    expect(mail.part("text/html")).toContain('<html lang="fr">');
  });

  test("can be sent as a test", async () => {
    await using server = await startMailServer();
    const receipt = await mailer(server.port).sendTest("t1", 0, soon());
    expect(receipt).toEqual({ accepted: ["admin@contoso.example"], refused: [], rejected: null });
    expect(server.mails[0]?.header("Subject")).toBe("[tiersync] contoso: test message");
  });
});
