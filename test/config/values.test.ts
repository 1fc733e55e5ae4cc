/** Values that people write nearly right, and what they are told. */
import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config/parse.ts";
import { formatFinding } from "../../src/model/finding.ts";
import { CONTOSO } from "./config-texts.ts";

const findingsOf = (text: string) =>
  parseConfig({ path: "tiersync.yaml", text }, "/srv/tiersync").findings.map((finding) =>
    formatFinding(finding).replace("tiersync.yaml:", ""),
  );

describe("a value", () => {
  test.each([
    ["purgeAfter: 0", 'purgeAfter: "0"', "needs a unit: s, m, h or d, such as 0s, 30m or 24h"],
    ["purgeAfter: 24", "purgeAfter: '24'", "needs a unit: s, m, h or d, such as 0s, 30m or 24h"],
    ["purgeAfter: 1.5", 'purgeAfter: " 1.5 "', "needs a unit: s, m, h or d, such as 0s, 30m or 24h"],
    ["purgeAfter: true", "purgeAfter: soon", "must be a duration such as 30s, 10m, 24h, 7d or PT24H, at most 3650d"],
  ])("%s needs no quotes but a unit", (bare, quoted, says) => {
    for (const written of [bare, quoted]) {
      const text = `tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}, None at all: {revokes: true, ${written}}}`;
      expect(findingsOf(text)).toEqual([expect.stringMatching(/^\d+:\d+ tiers\.None at all\.purgeAfter: /)]);
      expect(findingsOf(text)[0]).toEndWith(`: ${says}`);
    }
  });

  test.each(["maxSize: 1024", 'maxSize: "1024"'])("log: {%s} needs a unit", (written) => {
    const text = `tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}}\nlog: {${written}}`;
    expect(findingsOf(text)).toEqual([
      expect.stringMatching(/ log\.maxSize: needs a unit: B, KB, MB or GB, such as 1024KB or 20MB$/),
    ]);
  });

  test.each(["127.0.0.2", "127.1", "127.255.255.254", "localhost.example", "0.0.0.0", "::", "localhost "])(
    "the status API cannot be had at %p",
    (host) => {
      const text = `tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}}\nstatus: {host: "${host}"}`;
      expect(findingsOf(text)).toEqual([
        expect.stringMatching(/ status\.host: must be a loopback address: 127\.0\.0\.1, ::1 or localhost$/),
      ]);
    },
  );

  test.each(["127.0.0.1", "::1", "[::1]", "localhost", "LOCALHOST"])("but at %p", (host) => {
    expect(findingsOf(`tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}}\nstatus: {host: "${host}"}`)).toEqual([]);
  });

  const mailTo = (host: string): string[] =>
    findingsOf(`tenants:\n${CONTOSO}tiers: {Eco: {seats: 1}}
notify: {email: {host: ${JSON.stringify(host)}, from: a@contoso.example, to: [b@contoso.example]}}`);

  test.each([
    ["smtp://mail.example", "host: mail.example"],
    ["mail.example:25", "host: mail.example, port: 25"],
    ["SMTPS://mail.example:465/", "host: mail.example, port: 465, security: tls"],
    ["[::1]:25", "host: ::1, port: 25"],
    ["smtp://agent:hunter22@mail.example", "host: smtp.contoso.example"],
    ["mail.example/inbox", "host: smtp.contoso.example"],
    ["mail example", "host: smtp.contoso.example"],
  ])("the mail server %p is more than a name", (host, instead) => {
    const found = mailTo(host);
    expect(found).toEqual([
      expect.stringMatching(/ notify\.email\.host: must be the name of the server alone: write host: /),
    ]);
    expect(found[0]).toEndWith(`: write ${instead}`);
  });

  test.each([
    "mail.example",
    "mail",
    "smtp_1.intern",
    "10.0.0.1",
    "::1",
    "fe80::1%eth0",
    " mail.example ",
    "bücher.example",
  ])("the mail server %p is a name or an address", (host) => expect(mailTo(host)).toEqual([]));
});
