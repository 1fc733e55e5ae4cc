import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseConfig, parseHome } from "../../src/config/parse.ts";
import { formatFinding } from "../../src/model/finding.ts";
import { CONTOSO, DESIGN } from "./config-texts.ts";

const parse = (text: string) => parseConfig({ path: "tiersync.yaml", text }, "/srv/tiersync");
const findingsOf = (text: string) =>
  parse(text).findings.map((finding) => formatFinding(finding).replace("tiersync.yaml:", ""));

describe("findings", () => {
  test("of what goes together are not hidden by others at the same place", () => {
    const text = `tenants:
${CONTOSO}tiers: {Eco: {seats: 1}}
target: {kind: scim, token: env:A, oauth: {}}
notify: {email: {user: a, from: nobody}}
`;
    const found = findingsOf(text);
    expect(found).toContainEqual(expect.stringContaining("target: name either token or oauth"));
    expect(found).toContainEqual(expect.stringContaining("notify.email: user and password go together"));
    expect(found).toContainEqual(expect.stringContaining("target.url: is missing"));
    expect(found).toContainEqual(expect.stringContaining("notify.email.host: is missing"));
  });

  test("all come at once, each with its place, in the order of reading", () => {
    const text = `schedule: "*/5 * * *"
fullSync: "0 0 31 2 *"
timezone: Mars/Olympus
tennants: []
tenants:
  - name: con toso
    tenantId: common
    clientId: abc
    credential: {certificate: a, clientSecret: 12345}
    cloud: {authority: http://evil.example, graph: "https://u:p@g.example"}
    target: {kind: scim, url: http://lic.example/scim, token: "env:", oauth: {}}
  - name: Con toso
    tenantId: x
    credential: {}
    cloud: globl
    parentGroup: {id: z}
    target: {kind: scimm}
  - tenantId: a.com
    clientId: aaaaaaaa-0000-4000-8000-000000000001
    credential: {clientSecret: 5, assertion: PS256}
    target: {kind: scim, url: https://l.example/scim}
tiers:
  Eco: {}
  eco: {seats: -1}
  Pro: {seets: 3}
  X: {seats: 1, revokes: true}
  Y: {revokes: true, purgeAfter: 5 moons}
  None: {seats: 1.5}
guard: {revoke: true, purge: {cuont: 5}, change: {percent: 101}}
notify: {email: {host: h, security: ssl, user: x, from: a, to: []}, digest: weekly, webhook: {url: "http://h.example"}}
status: {host: 0.0.0.0, port: 99999}
log: {level: warning, maxSize: 20}
retention: {cycles: 1h}
`;
    expect(findingsOf(text)).toEqual([
      "1:11 schedule: must be a cron pattern such as */5 * * * * (minute hour day month weekday; a sixth field in front: seconds)",
      "2:11 fullSync: never comes: no date fits this pattern",
      "3:11 timezone: must be an IANA time zone such as Europe/Paris",
      "4:1 tennants: unknown key; known here: mailboxSettings, proxy, caFile, target",
      "6:11 tenants[0].name: must be letters, digits, - and _ (at most 64)",
      '7:15 tenants[0].tenantId: "common" is no tenant: the agent signs in to one directory; name its GUID or a verified domain',
      "8:15 tenants[0].clientId: must be a GUID such as aaaaaaaa-0000-4000-8000-000000000001",
      "9:34 tenants[0].credential.clientSecret: name either certificate or clientSecret, not both",
      "10:24 tenants[0].cloud.authority: must begin with https:// (plain http only on a loopback address)",
      "10:52 tenants[0].cloud.graph: must not contain a user name or a password",
      "11:5 tenants[0].target: name either token or oauth, not both",
      "11:31 tenants[0].target.url: must begin with https:// (plain http only on a loopback address)",
      "11:63 tenants[0].target.token: must be env:NAME, file:PATH or secret:NAME (letters, digits, - and _)",
      "11:71 tenants[0].target.oauth.tokenUrl: is missing",
      "11:71 tenants[0].target.oauth.clientId: is missing",
      "11:71 tenants[0].target.oauth.clientSecret: is missing",
      "12:5 tenants[1].clientId: is missing",
      "12:11 tenants[1].name: must be letters, digits, - and _ (at most 64)",
      "12:11 tenants[1].name: is the name of tenants[0] too",
      "13:15 tenants[1].tenantId: must be the directory (tenant) id: a GUID, or a verified domain such as contoso.com",
      "14:5 tenants[1].credential: needs certificate: FILE, or clientSecret: env:NAME",
      '15:12 tenants[1].cloud: "globl" must be one of global, usgov, dod, china; did you mean "global"?',
      "16:23 tenants[1].parentGroup.id: must be a GUID such as aaaaaaaa-0000-4000-8000-000000000001",
      '17:20 tenants[1].target.kind: "scimm" must be one of ledger, scim; did you mean "scim"?',
      "18:5 tenants[2].name: is missing",
      "20:32 tenants[2].credential.clientSecret: a text is expected, not a number; put quotes around it",
      "20:35 tenants[2].credential.assertion: belongs to a certificate",
      "21:5 tenants[2].target: needs token: secret:NAME, or oauth: {tokenUrl, clientId, clientSecret}",
      "23:3 tiers.Eco: needs seats: NUMBER, or revokes: true",
      "24:3 tiers.eco: differs from Eco in upper and lower case only",
      "24:16 tiers.eco.seats: must be at least 0",
      "25:3 tiers.Pro.seats: is missing",
      '25:9 tiers.Pro.seets: unknown key; did you mean "seats"?',
      "26:7 tiers.X.seats: a tier that revokes has no seats: name either seats or revokes",
      "27:34 tiers.Y.purgeAfter: must be a duration such as 30s, 10m, 24h, 7d or PT24H, at most 3650d",
      "28:3 tiers.None: `none` cannot be a tier's name",
      "28:17 tiers.None.seats: must be a whole number",
      "29:17 guard.revoke: must be false, or {count: …, percent: …}",
      '29:31 guard.purge.cuont: unknown key; did you mean "count"?',
      "29:60 guard.change.percent: must be at most 100",
      "30:10 notify.email: user and password go together",
      '30:37 notify.email.security: "ssl" must be one of starttls, tls, none',
      "30:57 notify.email.from: must be one e-mail address such as admins@contoso.example",
      "30:60 notify.email.to: needs at least one address",
      '30:77 notify.digest: "weekly" must be daily',
      "30:85 notify.webhook.secret: is missing",
      "30:100 notify.webhook.url: must begin with https:// (plain http only on a loopback address)",
      "31:16 status.host: must be a loopback address: 127.0.0.1, ::1 or localhost",
      "31:31 status.port: must be at most 65535",
      '32:14 log.level: "warning" must be one of debug, info, warn, error; did you mean "warn"?',
      "32:32 log.maxSize: needs a unit: B, KB, MB or GB, such as 1024KB or 20MB",
      "33:21 retention.cycles: must be at least 1d",
    ]);
  });

  test.each<[string, string, string[]]>([
    ["no tenant", "tenants: []\ntiers: {Eco: {seats: 1}}", ["1:1 tenants: needs at least one tenant"]],
    [
      "no tiers anywhere",
      `tenants:\n${CONTOSO}`,
      ["1:1 tiers: is missing: the tiers and how many seats of each were bought"],
    ],
    ["an empty file", "", ["1:1 the file is empty; see `tiersync init`"]],
    [
      "a password without user",
      DESIGN.replace("user: agent, ", ""),
      ["27:3 notify.email: user and password go together"],
    ],
    [
      "two documents",
      `${DESIGN}\n---\ntenants: []\n`,
      [
        `${DESIGN.split("\n").length + 1}:1 a second YAML document begins here, and one is expected: take out the line --- or what follows it`,
      ],
    ],
    [
      "a key twice in one block",
      "tenants:\n  - {name: a, tenantId: b,\n     name: c}\ntiers: {Eco: {seats: 1}}\ntiers: {}\n",
      [
        '3:6 the key "name" is there already, in line 2: keep one of the two',
        '5:1 the key "tiers" is there already, in line 4: keep one of the two',
      ],
    ],
    [
      "a cron pattern without quotes",
      "schedule: */5 * * * *",
      ["1:15 not valid YAML: Unexpected alias at node end; put quotes around a text that begins with * or &"],
    ],
    [
      "a Windows path in double quotes",
      DESIGN.replace("keys/contoso.pem", '"keys\\contoso.pem"'),
      ["10:25 not valid YAML: Invalid escape sequence \\c; write paths with / or in single quotes"],
    ],
  ])("%s", (_what, text, expected) => {
    expect(findingsOf(text)).toEqual(expected);
    expect(parse(text).value).toBeNull();
  });

  test("one SCIM target for several tenants is refused where it is named, inherited or not", () => {
    const fabrikam = CONTOSO.replace("name: contoso", "name: fabrikam");
    const scim = (url: string) => `target: {kind: scim, url: ${url}, token: env:T}\n`;
    const tiers = "tiers: {Eco: {seats: 1}}\n";
    expect(findingsOf(`tenants:\n${CONTOSO}${fabrikam}${tiers}${scim("https://l.example/scim")}`)).toEqual([
      "11:27 target.url: one SCIM target for several tenants (tenants[0] has it too): give each tenant a target of its own",
    ]);
    const own = `    ${scim("https://L.example/scim/")}`;
    expect(findingsOf(`tenants:\n${CONTOSO}${own}${fabrikam}    ${scim("https://l.example/scim")}${tiers}`)).toEqual([
      "11:31 tenants[1].target.url: one SCIM target for several tenants (tenants[0] has it too): give each tenant a target of its own",
    ]);
    expect(findingsOf(`tenants:\n${CONTOSO}${own}${fabrikam}    ${scim("https://l.example/other")}${tiers}`)).toEqual(
      [],
    );
  });

  test("warn of a proxy's password", () => {
    expect(findingsOf(`proxy: http://user:hunter2@proxy:8080\n${DESIGN}`)).toEqual([
      "1:8 proxy: names a password in plain text; better set HTTPS_PROXY for the agent's account",
    ]);
    expect(findingsOf(`proxy: http://proxy:8080\n${DESIGN}`)).toEqual([]);
  });

  test("never show a secret, however it is mistyped", () => {
    for (const value of [
      "*hunter2",
      "!hunter2",
      "[hunter2]",
      "{hunter2: }",
      "12345678",
      "'env: hunter2 x'",
      "|\n hunter2",
    ]) {
      const text = DESIGN.replace("certificate: keys/contoso.pem", `clientSecret: ${value}`);
      expect(findingsOf(text).join("\n")).not.toMatch(/hunter2(?!: unknown key)|12345678/);
    }
  });

  test("come for whatever is written: nothing throws, and nothing is refused without a reason and a place", () => {
    const rules =
      "rules:\n  - {name: a, tier: Pro, priority: 1, when: {all: [{group: Pro}, {not: {attribute: city, like: a*}}]}}\n";
    const pieces = [
      "",
      "[]",
      "{}",
      "~",
      "*a",
      "&a ",
      "!t ",
      "1",
      "- ",
      "? [a]\n: b\n",
      "__proto__: 1\n",
      "\n",
      "\t",
      "'",
      '"',
      ":",
      "|\n",
      "{",
      ".nan",
      "\0",
      "😀",
    ];
    const broken = (text: string) =>
      fc
        .array(fc.tuple(fc.nat(text.length), fc.nat(12), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 3 })
        .map((edits) => edits.reduce((all, [at, cut, piece]) => all.slice(0, at) + piece + all.slice(at + cut), text));
    fc.assert(
      fc.property(broken(DESIGN), broken(rules), (text, rulesText) => {
        const files = {
          config: { path: "tiersync.yaml", text },
          rules: [{ path: "rules/a.yaml", text: rulesText }],
          findings: [],
        };
        const { config, rules: ruleSet, findings } = parseHome(files, "/srv/tiersync");
        const errorsIn = (path: string) =>
          findings.filter(({ level, file }) => level === "error" && file === path).length;
        for (const { line, column, message } of findings) expect(line > 0 && column > 0 && message !== "").toBe(true);
        expect(config === null).toBe(errorsIn("tiersync.yaml") > 0);
        expect(ruleSet === null).toBe(errorsIn("rules/a.yaml") > 0);
      }),
      { numRuns: 500 },
    );
  });
});
