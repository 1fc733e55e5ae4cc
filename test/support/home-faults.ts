/** Homes that are broken, one fault each. */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import { RULES, type TestHome } from "./home.ts";

/** Something that is wrong with a home, and what `check` says of it. */
export interface HomeFault {
  readonly name: string;
  readonly breakIt: (home: TestHome) => void;
  readonly id: string;
  readonly level: "warn" | "fail";
  readonly says: RegExp;
  readonly hint: RegExp;
  /** Tries that wait for each other: asked once only. */
  readonly slow?: boolean;
}

const app = (home: TestHome) => {
  const [registered] = home.tenant.applications.values();
  if (registered === undefined) throw new TypeError("no app");
  return registered;
};

const pem = (home: TestHome): string => join(home.home, "keys", "contoso.pem");
const replaceKey = (home: TestHome, text: string): void => writeFileSync(pem(home), text, { mode: 0o600 });
const DAY = 86_400_000;

export const HOME_FAULTS: readonly HomeFault[] = [
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
    name: "a key that is too short to sign",
    breakIt: (home) => replaceKey(home, makeCertificate({ bits: 1024 }).pem),
    id: "credential.certificate",
    level: "fail",
    says: /has 1024 bits.*\[ERR_CREDENTIAL\]/,
    hint: /tiersync cert new/,
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
    name: "two groups of a name that a rule uses",
    breakIt: (home) =>
      void home.tenant.addMember(home.groups["SecureExchanges_Licences"] as string, home.tenant.addGroup("Pro")),
    id: "graph.groups",
    level: "fail",
    says: /rules\/secure-exchanges\.yaml:13:\d+ .*2 groups are named "Pro"/,
    hint: /write the one that is meant: \{id: [0-9a-f-]{36}\} or \{id: [0-9a-f-]{36}\}$/,
  },
  {
    name: "two groups of a name that a rule uses anywhere",
    breakIt: (home) => {
      for (const name of ["Lawyers", "Lawyers"]) home.tenant.addGroup(name);
      home.writeRules(
        "rules:\n  - {name: a, tier: Pro, priority: 1, when: {group: {name: Lawyers, anywhere: true}}}\n",
      );
    },
    id: "graph.groups",
    level: "fail",
    says: /rules\/secure-exchanges\.yaml:2:\d+ .*2 groups are named "Lawyers"/,
    hint: /object id: \{id: [0-9a-f-]{36}\} or \{id: [0-9a-f-]{36}\}$/,
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
