/** What the agent talks to besides Entra, through a company's proxy and with its root certificate. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CycleRecord } from "../../src/model/cycle.ts";
import { startMailServer, TEST_CERTIFICATE } from "../../test/support/mail-server.ts";
import { SCIM_TOKEN, scimServer } from "../../test/support/scim-server.ts";
import { type Home, openHome, succeeded } from "./home.ts";
import { companyNetwork } from "./secured.ts";

type Cycles = { readonly cycles: readonly CycleRecord[] };

function trust(home: Home, authority: string): void {
  writeFileSync(join(home.path, "company-roots.pem"), authority);
  home.edit("tiersync.yaml", "# caFile: ", "caFile: ");
}

test("a SCIM service behind the company's proxy gets the accounts and their tiers", async () => {
  await using home = await openHome();
  const scim = await scimServer();
  await using network = await companyNetwork("licences.example", Number(new URL(scim.url).port));
  trust(home, network.authority);
  home.edit("tiersync.yaml", "# proxy: http://proxy:8080 ", `proxy: "${network.proxy}" `);
  home.edit(
    "tiersync.yaml",
    "kind: ledger  ",
    "kind: scim\n  url: https://licences.example/scim\n  token: secret:scim\n  ",
  );
  await succeeded(home.feed(SCIM_TOKEN, "secret", "set", "scim"));
  home.person("Ana Pro", "Pro");
  home.person("Ben Eco", "Eco");
  const [cycle] = (await succeeded(home.run("sync", "--json"))).json<Cycles>().cycles;
  assert.deepEqual([cycle?.outcome, cycle?.actions.create, cycle?.actions.assign], ["succeeded", 2, 2]);
  const accounts = [...scim.users.values()].map((user) => [user["userName"], tierOf(user)]);
  assert.deepEqual(accounts.toSorted(), [
    ["ana.pro@contoso.example", "Pro"],
    ["ben.eco@contoso.example", "Eco"],
  ]);
  assert.deepEqual(new Set(network.asked), new Set(["licences.example:443"])); // the simulator is on this computer
});

function tierOf(user: Record<string, unknown>): unknown {
  return (user["entitlements"] as { value: string }[] | undefined)?.map(({ value }) => value).join();
}

test("a service that no trusted authority vouches for gets nothing", async () => {
  await using home = await openHome();
  const scim = await scimServer();
  await using network = await companyNetwork("licences.example", Number(new URL(scim.url).port));
  home.edit("tiersync.yaml", "# proxy: http://proxy:8080 ", `proxy: "${network.proxy}" `);
  home.edit(
    "tiersync.yaml",
    "kind: ledger  ",
    "kind: scim\n  url: https://licences.example/scim\n  token: secret:scim\n  ",
  );
  await succeeded(home.feed(SCIM_TOKEN, "secret", "set", "scim"));
  home.person("Ana Pro", "Pro");
  const sync = await home.run("sync", "--json");
  assert.equal(sync.code, 1);
  const { error } = sync.json<Cycles>().cycles[0] ?? { error: null };
  assert.equal(error?.code, "ERR_TARGET_UNREACHABLE");
  assert.match(`${error?.message} ${error?.hint}`, /certificate|caFile/i);
  assert.equal(scim.users.size, 0);
});

test("whoever gets no seat is told by e-mail, over STARTTLS and with a login", async () => {
  await using home = await openHome();
  await using mail = await startMailServer();
  trust(home, TEST_CERTIFICATE.caPem);
  const account = "user: agent, password: secret:smtp, from: tiersync@contoso.example, to: [admins@contoso.example]";
  home.edit("tiersync.yaml", "{seats: 10}", "{seats: 0}");
  home.edit(
    "tiersync.yaml",
    "# notify:\n",
    `notify: {email: {host: 127.0.0.1, port: ${mail.port}, security: starttls, ${account}}}\n`,
  );
  await succeeded(home.feed("correct horse", "secret", "set", "smtp"));
  home.person("Ana Pro", "Pro");
  const { err } = await succeeded(home.run("sync"));
  assert.equal(mail.mails.length, 1, err);
  const [{ user, secure, to } = { user: "", secure: false, to: [] }] = mail.mails;
  assert.deepEqual([user, secure, to], ["agent", true, ["admins@contoso.example"]]);
  assert.match(mail.mails[0]?.part("text/plain") ?? "", /ana\.pro@contoso\.example/);
});
