/** The doctor on who would be told: mail server, login, certificate, web hook. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeServerCertificate } from "../support/certificate.ts";
import { openHome, type TestHome } from "../support/home.ts";
import { openMailHome, PASSWORD } from "../support/mail-home.ts";
import { openTwoTenants } from "../support/two-tenants.ts";

async function told(home: TestHome, ...options: string[]) {
  const { code, json, out } = await home.run("check", "--json", ...options);
  expect(out).not.toContain(PASSWORD);
  const lines = json.checks.filter(({ id }) => id.startsWith("notify"));
  return { code, lines };
}

describe("check on e-mail", () => {
  test("connects, secures and logs in, and sends nothing", async () => {
    const { home, server } = await openMailHome();
    const { code, lines } = await told(home);
    expect(code).toBe(0);
    expect(lines).toMatchObject([{ id: "notify.email", tenant: "contoso", level: "ok", hint: null }]);
    expect(lines[0]?.message).toMatch(
      /^127\.0\.0\.1:\d+ answers; TLSv1\.\d, certificate valid; login as agent accepted$/,
    );
    expect(server.mails).toEqual([]);
  });

  test("sends one message with --send-test, in the language that is set", async () => {
    const { home, subjects } = await openMailHome({ language: "fr" });
    const { code, lines } = await told(home, "--send-test");
    expect(code).toBe(0);
    expect(lines.map(({ id, level }) => [id, level])).toEqual([
      ["notify.email", "ok"],
      ["notify.email.test", "ok"],
    ]);
    expect(subjects()).toEqual(["message d'essai"]);
  });

  test.each([
    ["a wrong password", "keys/smtp.txt", () => "wrong horse", /login was refused/, /password/],
    [
      "an authority that is not trusted",
      "company-roots.pem",
      () => makeServerCertificate().caPem,
      /not valid/,
      /caFile/,
    ],
  ])("says what is wrong: %s", async (_, file, content, says, hint) => {
    const { home, server } = await openMailHome();
    writeFileSync(join(home.home, file), content(), { mode: 0o600 });
    const { code, lines } = await told(home);
    expect(code).toBe(1);
    expect(lines).toMatchObject([{ id: "notify.email", level: "fail" }]);
    expect(lines[0]?.message).toMatch(says);
    expect(lines[0]?.hint).toMatch(hint);
    expect(server.mails).toEqual([]);
  });

  test("says that nothing answers, that there is no STARTTLS, and who is refused", async () => {
    const down = await openMailHome();
    await down.server.stop();
    expect((await told(down.home)).lines).toMatchObject([
      { level: "fail", message: expect.stringContaining("no connection"), hint: expect.stringContaining("firewall") },
    ]);
    const clear = await openMailHome({ server: { disabledCommands: ["STARTTLS"], allowInsecureAuth: true } });
    expect((await told(clear.home)).lines).toMatchObject([
      { level: "fail", message: expect.stringContaining("no secure connection") },
    ]);
    const strict = await openMailHome({
      server: {
        onRcptTo: (_, _session, done) => done(Object.assign(new Error("no such mailbox"), { responseCode: 550 })),
      },
    });
    expect(await told(strict.home, "--send-test")).toMatchObject({
      code: 1,
      lines: [
        { id: "notify.email", level: "ok" },
        { id: "notify.email.test", level: "fail", message: expect.stringContaining("no such mailbox") },
      ],
    });
  });
});

describe("check", () => {
  test("says when nobody would be told, and that this stops nothing", async () => {
    const { code, lines } = await told(openHome());
    expect(code).toBe(0);
    expect(lines).toMatchObject([{ id: "notify", level: "warn", hint: expect.stringContaining("notify:") }]);
  });

  test("asks for each tenant, and for the one named alone", async () => {
    const { home } = openTwoTenants();
    expect((await told(home)).lines.map(({ tenant }) => tenant)).toEqual(["contoso", "fabrikam"]);
    expect((await told(home, "--tenant", "fabrikam")).lines.map(({ tenant }) => tenant)).toEqual(["fabrikam"]);
  });

  test("finds a web hook's secret that is none, and posts with --send-test", async () => {
    const posted: { type: string; id: string | null }[] = [];
    const hook = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { type } = (await request.json()) as { type: string };
        posted.push({ type, id: request.headers.get("webhook-id") });
        return new Response(null, { status: 204 });
      },
    });
    try {
      const home = openHome({
        extra: `notify: {webhook: {url: "http://127.0.0.1:${hook.port}/T0/secret-path", secret: "file:keys/hook.txt"}}`,
      });
      const key = join(home.home, "keys", "hook.txt");
      writeFileSync(key, "whsec_not base64!", { mode: 0o600 });
      expect(await told(home)).toMatchObject({ code: 1, lines: [{ id: "notify.webhook", level: "fail" }] });
      writeFileSync(key, `whsec_${Buffer.alloc(32, 7).toString("base64")}`, { mode: 0o600 });
      const { code, lines } = await told(home, "--send-test");
      expect({ code, ids: lines.map(({ id, level }) => `${id} ${level}`) }).toEqual({
        code: 0,
        ids: ["notify.webhook ok", "notify.webhook.test ok"],
      });
      expect(JSON.stringify(lines)).not.toContain("secret-path");
      expect(posted).toEqual([{ type: "test", id: expect.any(String) }]);
    } finally {
      await hook.stop(true);
    }
  });
});
