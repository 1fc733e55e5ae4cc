import { describe, expect, test } from "bun:test";
import { parseConfig, parseHome } from "../../src/config/parse.ts";
import { formatFinding } from "../../src/model/finding.ts";
import { CONTOSO, DESIGN } from "./config-texts.ts";

const HOME = "/srv/tiersync";
const parse = (text: string) => parseConfig({ path: "tiersync.yaml", text }, HOME);

test.each(["*/10 * * * * *", "0 */5 * * * *", "@hourly", "0 9-17 * * MON-FRI"])(
  "croner takes the schedule %s",
  (pattern) => {
    const { value, findings } = parse(DESIGN.replace('"*/5 * * * *"', JSON.stringify(pattern)));
    expect(findings).toEqual([]);
    expect(value?.schedule).toBe(pattern);
  },
);

describe("the configuration of the design", () => {
  test("is understood whole", () => {
    const { value, findings } = parse(DESIGN);
    expect(findings).toEqual([]);
    expect(value).toEqual({
      schedule: "*/5 * * * *",
      fullSync: "30 3 * * *",
      timezone: null,
      mailboxSettings: true,
      tenants: [
        {
          name: "contoso",
          tenantId: "11111111-2222-3333-4444-555555555555",
          clientId: "aaaaaaaa-0000-4000-8000-000000000001",
          credential: { kind: "certificate", path: "/srv/tiersync/keys/contoso.pem", assertion: "PS256" },
          parentGroup: { name: "SecureExchanges_Licences" },
          cloud: { authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
          tiers: [
            { kind: "paid", name: "Eco", seats: 50, warnBelow: null },
            { kind: "paid", name: "Advanced", seats: 20, warnBelow: null },
            { kind: "paid", name: "Pro", seats: 10, warnBelow: 2 },
            { kind: "revoking", name: "No_Licence", purgeAfter: 86_400_000 },
          ],
          target: { kind: "ledger" },
          guard: {
            revoke: { count: 25, percent: 10 },
            purge: { count: 25, percent: 10 },
            change: { count: 200, percent: 25 },
            create: { count: 500, percent: 50 },
          },
          notify: {
            email: {
              host: "smtp.contoso.example",
              port: 587,
              security: "starttls",
              login: { user: "agent", password: { kind: "env", name: "SMTP_PASSWORD" } },
              from: "tiersync@contoso.example",
              to: ["admins@contoso.example"],
              language: "en",
            },
            digest: null,
            webhook: null,
            heartbeat: null,
          },
        },
      ],
      tenantsInFile: [{ name: "contoso", tenantId: expect.any(String) }],
      network: { proxy: null, caFile: null },
      log: { level: "info", maxSize: 20 * 1024 * 1024, maxFiles: 10 },
      retention: { cycles: 7_776_000_000, journal: 63_072_000_000, outbox: 2_592_000_000 },
      status: { host: "127.0.0.1", port: 8321, protectReads: false },
      remarks: [],
    });
  });

  test("means the same with BOM and CRLF", () => {
    expect(parse(`\ufeff${DESIGN.replaceAll("\n", "\r\n")}`)).toEqual(parse(DESIGN));
  });

  test("is what comes out when everything that has a default is left out", () => {
    const short = parse(`tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}}\n`).value;
    const long = parse(DESIGN).value;
    expect(short && { ...short, tenants: [] }).toEqual(long && { ...long, tenants: [] });
    const { tiers: _t, notify, ...rest } = short?.tenants[0] ?? { tiers: [], notify: null };
    const { tiers: _u, notify: _n, ...whole } = long?.tenants[0] ?? { tiers: [], notify: null };
    expect(rest).toEqual(whole);
    expect(notify).toEqual({ email: null, digest: null, webhook: null, heartbeat: null });
  });
});

describe("a tenant's own", () => {
  const two = (own: string, top = "") => {
    const { value, findings } = parse(
      `${top}tenants:\n${CONTOSO}${CONTOSO.replace("name: contoso", "name: fabrikam")}${own}tiers: {Eco: {seats: 1}}\n`,
    );
    if (value === null) throw new Error(findings.map(formatFinding).join("\n"));
    return value.tenants;
  };

  test("tiers, target and notify take the place of those at the top", () => {
    const top = "notify: {heartbeat: https://top.example}\n";
    const own =
      "    tiers: {Gold: {seats: 2}}\n    target: {kind: scim, url: https://l.example/scim/, token: env:T}\n    notify: {digest: daily}\n";
    const [contoso, fabrikam] = two(own, top);
    expect(contoso).toMatchObject({
      tiers: [{ name: "Eco" }],
      target: { kind: "ledger" },
      notify: { heartbeat: "https://top.example" },
    });
    expect(fabrikam).toMatchObject({
      tiers: [{ name: "Gold" }],
      target: {
        kind: "scim",
        url: "https://l.example/scim",
        auth: { kind: "token", token: { kind: "env", name: "T" } },
        tierAs: "entitlements",
        onPurge: "delete",
        onDrift: "report",
      },
      notify: { heartbeat: null, digest: "daily" },
    });
  });

  test("guard is taken number by number, then from the top, then from the defaults", () => {
    const [contoso, fabrikam] = two(
      "    guard: {revoke: {count: 3}, create: {count: 9}}\n",
      "guard: {revoke: {percent: 4}, create: false}\n",
    );
    expect(contoso?.guard).toMatchObject({
      revoke: { count: 25, percent: 4 },
      create: null,
      purge: { count: 25, percent: 10 },
    });
    expect(fabrikam?.guard).toMatchObject({ revoke: { count: 3, percent: 4 }, create: { count: 9, percent: 50 } });
  });
});

describe("values", () => {
  const tenantWith = (line: string) => {
    const text = `tenants:\n${CONTOSO}    ${line}\ntiers: {Eco: {seats: 1}}\n`;
    const { value, findings } = parse(text);
    if (value === null) throw new Error(findings.map(formatFinding).join("\n"));
    return value.tenants[0];
  };

  test.each([
    ["usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us"],
    ["dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"],
    ["china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"],
    [
      "{authority: http://127.0.0.1:8080/, graph: http://localhost:9090/v1.0/}",
      "http://127.0.0.1:8080",
      "http://localhost:9090",
    ],
    ["{authority: 'http://[::1]:8080', graph: https://g.example}", "http://[::1]:8080", "https://g.example"],
  ])("cloud %s", (cloud, authority, graph) => {
    expect(tenantWith(`cloud: ${cloud}`)?.cloud).toEqual({ authority, graph });
  });

  test("the parent group by id is kept in lower case, as Graph writes ids", () => {
    expect(tenantWith("parentGroup: {id: AAAAAAAA-0000-4000-8000-00000000000A}")?.parentGroup).toEqual({
      id: "aaaaaaaa-0000-4000-8000-00000000000a",
    });
  });

  test.each([
    "keys\\contoso.pem",
    "keys/contoso.pem",
    "./keys\\..\\keys/contoso.pem",
    "/srv/tiersync/keys/contoso.pem",
  ])("the path %s resolves against home", (path) => {
    const text = DESIGN.replace("keys/contoso.pem", path);
    expect(parse(text).value?.tenants[0]?.credential).toMatchObject({ path: "/srv/tiersync/keys/contoso.pem" });
  });

  test("brakes that are off are remarked, so that status can warn", () => {
    expect(parse(DESIGN.replace("{count: 500, percent: 50}", "false")).value?.remarks).toEqual([
      "tenant contoso: the brake on create is off (guard.create: false)",
    ]);
  });

  test("a plain secret is taken with a warning that says how to move it, and is not repeated", () => {
    const { value, findings } = parse(DESIGN.replace("certificate: keys/contoso.pem", "clientSecret: hunter2~"));
    expect(value?.tenants[0]?.credential).toEqual({ kind: "secret", secret: { kind: "plain", value: "hunter2~" } });
    expect(findings.map(formatFinding)).toEqual([
      "tiersync.yaml:10:21 tenants[0].credential.clientSecret: is a secret in plain text; move it: tiersync secret set contoso, then write secret:contoso here",
    ]);
    expect(JSON.stringify([value?.remarks, findings])).not.toContain("hunter2");
  });

  test.each([
    ["tls", 465],
    ["none", 25],
    ["starttls", 587],
  ])("mail with security %s goes to port %p", (security, port) => {
    const text = DESIGN.replace("port: 587, security: starttls", `security: ${security}`);
    expect(parse(text).value?.tenants[0]?.notify.email?.port).toBe(port);
  });
});

describe("configuration and rules together", () => {
  const rules = (tier: string) => ({
    path: "rules/a.yaml",
    text: `rules:\n  - {name: a, tier: ${tier}, priority: 1, when: {group: Pro}}\n`,
  });
  const home = (text: string, tier = "Pro") =>
    parseHome({ config: { path: "tiersync.yaml", text }, rules: [rules(tier)], findings: [] }, HOME);

  test("are good when each is and they fit", () => {
    const { config, rules: ruleSet, findings } = home(DESIGN);
    expect([config?.tenants.length, ruleSet?.files.length, findings]).toEqual([1, 1, []]);
  });

  test("a tier that does not exist breaks the rules and leaves the configuration", () => {
    const { config, rules: ruleSet, findings } = home(DESIGN, "Prro");
    expect([config?.tenants.length, ruleSet]).toEqual([1, null]);
    expect(findings.map(formatFinding)).toEqual([
      'rules/a.yaml:2:21 rules[0].tier: the tenant contoso has no tier "Prro"; did you mean "Pro"?',
    ]);
  });

  test("a broken configuration leaves rules that are good, and its findings come first", () => {
    const {
      config,
      rules: ruleSet,
      findings,
    } = parseHome(
      {
        config: { path: "tiersync.yaml", text: "tenants: 1" },
        rules: [rules("Pro"), { path: "rules/b.yaml", text: "rules: 1" }],
        findings: [],
      },
      HOME,
    );
    expect([config, ruleSet]).toEqual([null, null]);
    expect(findings.map(({ file }) => file)).toEqual(["tiersync.yaml", "rules/b.yaml"]);
  });
});
