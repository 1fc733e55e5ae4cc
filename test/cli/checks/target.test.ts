import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { checkTarget } from "../../../src/cli/checks/target.ts";
import { loadHome } from "../../../src/config/load.ts";
import { AgentError } from "../../../src/errors.ts";
import type { CheckResult } from "../../../src/model/views.ts";
import { atEnd } from "../../support/clean-up.ts";
import { openHome, type TestHome } from "../../support/home.ts";
import { scimError, strictScim } from "../../support/strict-scim.ts";

function homeAt(url: string, more = "", extra = ""): TestHome {
  const home = openHome({
    mailboxSettings: false,
    extra: `target: {kind: scim, url: "${url}", token: "file:keys/scim.txt"${more}}\n${extra}`,
  });
  writeFileSync(join(home.home, "keys", "scim.txt"), "secret\n", { mode: 0o600 });
  return home;
}

async function checked(home: TestHome): Promise<readonly CheckResult[]> {
  const { json } = await home.run("check", "--json");
  return json.checks.filter(({ id }) => id === "target");
}

/** A web site that knows nothing of SCIM. */
async function webSite(status: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "text/html", location: "https://elsewhere.example/" }).end("<html>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a licence system that cannot be reached: address, network and proxy are to be looked at", async () => {
  expect(await checked(homeAt("http://127.0.0.1:1/scim"))).toMatchObject([
    {
      level: "fail",
      message: expect.stringMatching(
        /could not be reached .*\(127\.0\.0\.1:1, without a proxy\) \[ERR_TARGET_UNREACHABLE\]$/,
      ),
      hint: expect.stringMatching(/^check `target\.url` .*http:\/\/127\.0\.0\.1:1\/scim.*DNS, firewall and proxy/),
    },
  ]);
});

test("the proxy on the way is named, without its password", async () => {
  const home = homeAt("https://licences.example/scim", "", 'proxy: "http://agent:hunter22@127.0.0.1:1"\n');
  const [target] = await checked(home);
  expect(target?.message).toContain("(licences.example, through the proxy http://[redacted]@127.0.0.1:1)");
});

test("a path below which there is no SCIM: the address is to be corrected", async () => {
  const scim = strictScim();
  expect(await checked(homeAt(`${scim.url}/v2`))).toMatchObject([
    {
      level: "fail",
      message: expect.stringContaining("was answered 404"),
      hint: expect.stringMatching(/`target\.url` \(http.*\/v2\) must be the base address of a SCIM 2\.0 service/),
    },
  ]);
});

test.each([200, 302, 405])("a web site that answers %d is no SCIM service", async (status) => {
  const url = await webSite(status);
  expect(await checked(homeAt(url))).toMatchObject([
    { level: "fail", hint: expect.stringContaining(`\`target.url\` (${url}) must be the base address`) },
  ]);
});

test("a licence system that fails: those who run it are to be asked", async () => {
  const scim = strictScim();
  scim.fault = () => scimError(500);
  expect(await checked(homeAt(scim.url))).toMatchObject([
    { level: "fail", message: expect.stringContaining("500"), hint: expect.stringContaining("ask those who run") },
  ]);
});

test("a licence system that is silent has not been stopped by anybody", async () => {
  const home = homeAt("http://127.0.0.1:1/scim");
  const { config } = loadHome(home.home);
  const [tenant] = config?.tenants ?? [];
  if (config === null || tenant === undefined) throw new TypeError("no tenant");
  const probeTarget = (_name: string, signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new AgentError("ERR_STOPPED", "stopped"))),
    );
  const stop = new AbortController();
  const context = { agent: { probeTarget }, config, env: {}, stop: stop.signal };
  expect(await checkTarget(tenant, { ...context, patience: 10 })).toMatchObject([
    {
      level: "fail",
      message: expect.stringMatching(/no answer within 0\.01 s .*\[ERR_TARGET_UNREACHABLE\]/),
      hint: expect.stringContaining("`target.url`"),
    },
  ]);
  const stopped = checkTarget(tenant, context);
  stop.abort();
  expect(await stopped).toMatchObject([{ level: "fail", message: expect.stringContaining("[ERR_STOPPED]") }]);
});

test("tiers kept as groups: each group that is not there is told with its tier", async () => {
  const scim = strictScim();
  scim.addGroup("eco");
  const home = homeAt(scim.url, ", tierAs: groups");
  expect(await checked(home)).toMatchObject(
    ["Advanced", "Pro"].map((tier) => ({
      level: "fail",
      message: `tier ${tier}: the licence system has no group ${tier}, so nobody can be given that tier`,
      hint: expect.stringContaining(`make a group named ${tier}`),
    })),
  );
  for (const tier of ["Advanced", "Pro"]) scim.addGroup(tier);
  expect(await checked(home)).toMatchObject([{ level: "ok", message: expect.stringContaining("tier as groups") }]);
  expect(scim.log.every(({ method }) => method === "GET")).toBe(true);
});
