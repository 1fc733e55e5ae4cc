/** The doctor: each fault is named on a line of its own, with what to do. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { makeCertificate } from "../support/certificate.ts";
import { openHome, RULES, type TestHome } from "../support/home.ts";
import { openMailHome } from "../support/mail-home.ts";
import { startTestAgent } from "../support/running-agent.ts";

interface Line {
  readonly id: string;
  readonly tenant: string | null;
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  readonly hint: string | null;
}

async function check(home: TestHome, ...options: string[]): Promise<{ code: number; lines: readonly Line[] }> {
  const { code, json } = await home.run("check", "--json", ...options);
  for (const line of json.checks as Line[]) {
    expect(Object.keys(line).sort()).toEqual(["hint", "id", "level", "message", "tenant"]);
    expect(line.hint === null).toBe(line.level === "ok");
  }
  const lines = json.checks as readonly Line[];
  expect(json.ok).toBe(lines.every(({ level }) => level !== "fail"));
  return { code, lines };
}

const about = (lines: readonly Line[], id: string): readonly Line[] => lines.filter((line) => line.id === id);

const app = (home: TestHome) => {
  const [registered] = home.tenant.applications.values();
  if (registered === undefined) throw new TypeError("no app");
  return registered;
};

test("a good home has nothing to mend, and check leaves nothing behind", async () => {
  const { home, server } = await openMailHome();
  home.person("Ana", ["Pro"]);
  const before = readdirSync(home.home, { recursive: true }).sort();
  const { code, lines } = await check(home);
  expect(code).toBe(0);
  expect(lines.filter(({ level }) => level !== "ok")).toEqual([]);
  expect([...new Set(lines.map(({ id }) => id))].sort()).toEqual([
    "agent.running",
    "api.port",
    "clock.skew",
    "config.read",
    "credential.certificate",
    "credential.expiry",
    "graph.groups",
    "graph.parent",
    "graph.permissions",
    "graph.reachable",
    "guard.off",
    "home.database",
    "home.permissions",
    "notify.email",
    "rules.read",
    "rules.test",
    "secret.email",
    "target",
    "tiers.seats",
    "token",
  ]);
  expect(readdirSync(home.home, { recursive: true }).sort()).toEqual(before);
  const text = await home.run("check");
  expect(text.out).toMatch(/^ok {4}credential\.expiry +contoso: /m);
  expect(text.out).toContain("20 ok, 0 to look at, 0 failed");
  expect(server.mails).toEqual([]);
});

interface Fault {
  readonly name: string;
  readonly breakIt: (home: TestHome) => void;
  readonly id: string;
  readonly level: "warn" | "fail";
  readonly says: RegExp;
  readonly hint: RegExp;
  /** Tries that wait for each other: asked once only. */
  readonly slow?: boolean;
}

const pem = (home: TestHome): string => join(home.home, "keys", "contoso.pem");
const replaceKey = (home: TestHome, text: string): void => writeFileSync(pem(home), text, { mode: 0o600 });
const DAY = 86_400_000;

const faults: readonly Fault[] = [
  {
    name: "a certificate that is not there",
    breakIt: (home) => rmSync(pem(home)),
    id: "credential.certificate",
    level: "fail",
    says: /contoso\.pem does not exist/,
    hint: /tiersync cert new contoso/,
  },
  {
    name: "a key of another certificate",
    breakIt: (home) => replaceKey(home, makeCertificate().keyPem + makeCertificate().certificatePem),
    id: "credential.certificate",
    level: "fail",
    says: /do not belong together/,
    hint: /cert new/,
  },
  {
    name: "a certificate that ends soon",
    breakIt: (home) => {
      const { pem: text, certificatePem } = makeCertificate({ days: 30 });
      home.tenant.register({ ...app(home), certificates: [certificatePem] });
      replaceKey(home, text);
    },
    id: "credential.expiry",
    level: "warn",
    says: /expires in 29 days/,
    hint: /cert rotate/,
  },
  {
    name: "a certificate that has ended",
    breakIt: (home) => replaceKey(home, makeCertificate({ from: Date.now() - 10 * DAY, days: 9 }).pem),
    id: "credential.expiry",
    level: "fail",
    says: /expired at/,
    hint: /upload its \.crt/,
  },
  {
    name: "a certificate that the app does not know",
    breakIt: (home) => replaceKey(home, makeCertificate().pem),
    id: "token",
    level: "fail",
    says: /AADSTS700027/,
    hint: /cert show/,
  },
  {
    name: "a key file that others can read",
    breakIt: (home) => chmodSync(pem(home), 0o644),
    id: "home.permissions",
    level: "fail",
    says: /contoso\.pem can be read by others/,
    hint: /chmod 600/,
  },
  {
    name: "a key folder that is open to others",
    breakIt: (home) => chmodSync(join(home.home, "keys"), 0o755),
    id: "home.permissions",
    level: "fail",
    says: /keys is open to other accounts/,
    hint: /chmod 700/,
  },
  {
    name: "a client secret whose variable is not set",
    breakIt: (home) =>
      home.rewrite((text) => text.replace("certificate: keys/contoso.pem", "clientSecret: env:NOT_SET")),
    id: "secret.credential",
    level: "fail",
    says: /env:NOT_SET is not set/,
    hint: /reference/,
  },
  {
    name: "a mail password that is not there",
    breakIt: (home) =>
      home.rewrite(
        (text) =>
          `${text}\nnotify: {email: {host: mail.example, user: agent, password: "secret:smtp", from: a@contoso.example, to: [b@contoso.example]}}`,
      ),
    id: "secret.email",
    level: "fail",
    says: /smtp/,
    hint: /./,
  },
  {
    name: "a permission that was not granted",
    breakIt: (home) =>
      home.tenant.register({ ...app(home), roles: ["Group.Read.All", "GroupMember.Read.All", "User.Read.All"] }),
    id: "graph.permissions",
    level: "fail",
    says: /lacks MailboxSettings\.Read$/,
    hint: /admin consent/,
  },
  {
    name: "a permission that is not needed",
    breakIt: (home) =>
      home.tenant.register({ ...app(home), roles: [...(app(home).roles ?? []), "Directory.ReadWrite.All"] }),
    id: "graph.permissions",
    level: "warn",
    says: /beyond what is needed: Directory\.ReadWrite\.All$/,
    hint: /remove/,
  },
  {
    name: "a clock that is off",
    breakIt: (home) => home.tenant.clock.advance(2 * 60_000),
    id: "clock.skew",
    level: "warn",
    says: /1(19|20|21) s behind/,
    hint: /NTP/,
  },
  {
    name: "a parent group that does not exist",
    breakIt: (home) => home.rewrite((text) => text.replace("SecureExchanges_Licences", "SecureExchange_Licences")),
    id: "graph.parent",
    level: "fail",
    says: /no group named "SecureExchange_Licences"/,
    hint: /did you mean "SecureExchanges_Licences"/,
  },
  {
    name: "two parent groups of one name",
    breakIt: (home) => void home.tenant.addGroup("SecureExchanges_Licences"),
    id: "graph.parent",
    level: "fail",
    says: /2 groups are named/,
    hint: /object id/,
  },
  {
    name: "a group that a rule names and that is not there",
    breakIt: (home) => home.tenant.deleteGroup(home.groups["Pro"] as string),
    id: "graph.groups",
    level: "fail",
    says: /rules\/secure-exchanges\.yaml:13:\d+ .*no group named "Pro"/,
    hint: /member/,
  },
  {
    name: "a group that a rule names anywhere and that is not there",
    breakIt: (home) =>
      home.writeRules(
        "rules:\n  - {name: a, tier: Pro, priority: 1, when: {group: {name: Lawyers, anywhere: true}}}\n",
      ),
    id: "graph.groups",
    level: "fail",
    says: /rules\/secure-exchanges\.yaml:2:\d+ .*no group named "Lawyers"/,
    hint: /./,
  },
  {
    name: "a group that hides its members",
    breakIt: (home) => home.tenant.updateGroup(home.groups["Pro"] as string, { visibility: "HiddenMembership" }),
    id: "graph.groups",
    level: "fail",
    says: /"Pro" .*hides its members/,
    hint: /visible/,
  },
  {
    name: "a nested group that hides its members",
    breakIt: (home) => {
      const outer = home.tenant.addGroup("Outer");
      home.tenant.addMember(home.groups["Pro"] as string, outer);
      home.tenant.addMember(outer, home.tenant.addGroup("Inner", { visibility: "HiddenMembership" }));
    },
    id: "graph.groups",
    level: "fail",
    says: /"Inner" .*hides its members/,
    hint: /visible/,
  },
  {
    name: "tiers without seats",
    breakIt: (home) => home.rewrite((text) => text.replaceAll(/seats: \d+/g, "seats: 0")),
    id: "tiers.seats",
    level: "warn",
    says: /no tier has any seats/,
    hint: /tiersync\.yaml/,
  },
  {
    name: "a brake taken off",
    breakIt: (home) => home.rewrite((text) => `${text}\nguard: {purge: false}`),
    id: "guard.off",
    level: "warn",
    says: /brake on purge is off/,
    hint: /guard/,
  },
  {
    name: "a rule test that fails",
    breakIt: (home) => home.writeRules(RULES.replace("groups: [Pro, Eco]", "groups: [Eco]")),
    id: "rules.test",
    level: "fail",
    says: /secure-exchanges\.yaml:\d+ "pro beats eco": expected Pro, got Eco/,
    hint: /rules test/,
  },
  {
    name: "an address where nobody answers",
    breakIt: (home) => home.rewrite((text) => text.replace(/authority: "[^"]+"/, 'authority: "http://127.0.0.1:1"')),
    id: "token",
    level: "fail",
    says: /127\.0\.0\.1:1\b.*without a proxy/,
    hint: /firewall/,
    slow: true,
  },
  {
    name: "a Graph that cannot be reached",
    breakIt: (home) => home.simulator.faults.add({ kind: "close", match: "/v1.0/", times: 100 }),
    id: "graph.reachable",
    level: "fail",
    says: /127\.0\.0\.1:\d+, without a proxy/,
    hint: /firewall/,
    slow: true,
  },
];

describe("check finds", () => {
  test.each([...faults])(
    "$name",
    async ({ breakIt, id, level, says, hint, slow }) => {
      const home = openHome();
      home.person("Ana", ["Pro"]);
      breakIt(home);
      const { code, lines } = await check(home);
      const found = about(lines, id).filter((line) => line.level === level);
      expect(found).toHaveLength(1);
      expect(found[0]?.message).toMatch(says);
      expect(found[0]?.hint).toMatch(hint);
      expect(code).toBe(level === "fail" ? 1 : 0);
      if (slow) return;
      const text = await home.run("check", "--quiet");
      expect(text.code).toBe(code);
      expect(text.out).toContain(`-> ${found[0]?.hint}`);
    },
    20_000,
  );

  test("a port that another program has, and knows its own agent's", async () => {
    const home = openHome();
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    home.rewrite((text) => text.replace("status: {port: 0}", `status: {port: ${port}}`));
    const taken = await check(home);
    expect(about(taken.lines, "api.port")).toMatchObject([
      { level: "fail", message: `another program has port ${port}` },
    ]);
    expect(taken.code).toBe(1);
    await new Promise((resolve) => other.close(resolve));
    expect(about((await check(home)).lines, "api.port")).toMatchObject([{ level: "ok" }]);
    await startTestAgent(home);
    const own = await check(home);
    expect(about(own.lines, "api.port")).toMatchObject([
      { level: "ok", message: `port ${port} is the running agent's` },
    ]);
    expect(own.code).toBe(0);
  });
});

test("a password in the proxy's address is not shown", async () => {
  const home = openHome();
  home.rewrite(
    (text) =>
      `${text.replace(/authority: "[^"]+"/, 'authority: "https://login.example"')}\nproxy: "http://agent:hunter22@127.0.0.1:1"`,
  );
  const { lines } = await check(home);
  const [token] = about(lines, "token").filter(({ level }) => level === "fail");
  expect(token?.message).toContain("login.example, through the proxy http://[redacted]@127.0.0.1:1");
  expect(JSON.stringify(lines)).not.toContain("hunter22");
  expect(readFileSync(join(home.home, "tiersync.yaml"), "utf8")).toContain("hunter22");
});

test("what mends several findings in a row is said once, below them", async () => {
  const home = openHome();
  home.rewrite((text) =>
    text.replace("Eco: {seats: 50}", "Eco: {seats: -1}").replace("Pro: {seats: 10}", "Pro: {seats: x}"),
  );
  const { out } = await home.run("check");
  expect(out.match(/^fail {2}config\.read/gm)).toHaveLength(2);
  expect(out.match(/mend this place/g)).toHaveLength(1);
});
