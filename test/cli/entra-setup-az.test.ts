import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certNew } from "../../src/cli/cert.ts";
import { entraSetup } from "../../src/cli/entra-setup.ts";
import { GRAPH_PERMISSIONS, type SetupValues, setupScript } from "../../src/cli/entra-setup-script.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type FakeTenant, fakeTenant, GRAPH_PRINCIPAL } from "../support/fake-az.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { captureIo } from "./captured-io.ts";

const TENANT = "11111111-2222-3333-4444-555555555555";
const ROLES = Object.values(GRAPH_PERMISSIONS).sort();

interface Sandbox {
  readonly home: string;
  tenant: FakeTenant;
  /** Runs a script in bash with the stand-in for `az`. */
  run(script: string, env?: Record<string, string>): Promise<{ code: number; out: string; err: string }>;
}

function sandbox(): Sandbox {
  const home = tempFolder();
  const bin = join(home, "bin");
  const state = join(home, "tenant.json");
  mkdirSync(bin);
  const program = join(import.meta.dir, "../support/fake-az.ts");
  writeFileSync(join(bin, "az"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  // Nothing in the stand-in needs a second try, so a pause is a fault.
  writeFileSync(join(bin, "sleep"), "#!/bin/sh\necho slept >&2\n");
  for (const name of ["az", "sleep"]) chmodSync(join(bin, name), 0o755);
  writeFileSync(state, JSON.stringify(fakeTenant(TENANT)));
  return {
    home,
    get tenant() {
      return JSON.parse(readFileSync(state, "utf8"));
    },
    set tenant(tenant) {
      writeFileSync(state, JSON.stringify(tenant));
    },
    run: async (script, env = {}) => {
      const file = join(home, "setup.sh");
      const out = join(home, "out.txt");
      const err = join(home, "err.txt");
      writeFileSync(file, script);
      const child = Bun.spawn(["bash", file], {
        cwd: home,
        env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, FAKE_AZ: state, ...env },
        stdin: "ignore",
        // Files: the sockets that Bun makes of "pipe" can be reset by what the script's own children leave in them.
        stdout: Bun.file(out),
        stderr: Bun.file(err),
      });
      const code = await child.exited;
      return { code, out: readFileSync(out, "utf8"), err: readFileSync(err, "utf8") };
    },
  };
}

async function printed(home: string, name = "tiersync"): Promise<string> {
  const { io, stdout } = captureIo();
  await entraSetup({ home, shell: "az", name }, io);
  return stdout();
}

describe.if(process.platform !== "win32")("the script for the Azure CLI", () => {
  test("makes app, certificate, consent and groups, and a second run finds them all", async () => {
    const at = sandbox();
    await certNew({ home: at.home, bits: "2048", days: 365 }, captureIo().io, "contoso");
    const script = await printed(at.home);
    const first = await at.run(script);
    expect(first.err).toBe("");
    expect(first.code).toBe(0);
    const { apps, principals, assignments, groups, changes } = at.tenant;
    const [app] = apps;
    if (app === undefined) throw new TypeError("no app");
    expect(app).toMatchObject({ name: "tiersync", audience: "AzureADMyOrg" });
    const graph = "00000003-0000-0000-c000-000000000000";
    const wanted = Object.values(GRAPH_PERMISSIONS).map((id) => ({ id, type: "Role" }));
    expect(app.access).toEqual([{ resourceAppId: graph, resourceAccess: wanted }]);
    const certificate = readFileSync(join(at.home, "keys/contoso.crt"), "utf8");
    expect(app.keys).toEqual([certificate.replace(/-----.+?-----|\s/g, "")]);
    const principal = principals.find(({ appId }) => appId === app.appId)?.id ?? "";
    expect(assignments.map(({ appRoleId }) => appRoleId).sort()).toEqual(ROLES);
    for (const { principalId, resourceId } of assignments) {
      expect([principalId, resourceId]).toEqual([principal, GRAPH_PRINCIPAL]);
    }
    const parent = groups.find(({ name }) => name === "SecureExchanges_Licences");
    const nested = groups.filter(({ id }) => parent?.members.includes(id)).map(({ name }) => name);
    expect(nested.sort()).toEqual(["Advanced", "Eco", "No_Licence", "Pro"]);
    expect(groups).toHaveLength(5);

    const second = await at.run(script);
    expect(second).toMatchObject({ code: 0, err: "" });
    expect(at.tenant.changes).toEqual(changes);
  });

  test("prints what tiersync.yaml takes as it is", async () => {
    const at = sandbox();
    await certNew({ home: at.home, bits: "2048", days: 365 }, captureIo().io, "contoso");
    const { out } = await at.run(await printed(at.home));
    const yaml = out.slice(out.indexOf("tenants:"), out.indexOf("\n\nThen:"));
    writeFileSync(join(at.home, "tiersync.yaml"), `${yaml}\ntiers: {Pro: {seats: 1}}\n`);
    const { value, findings } = loadConfig(at.home);
    expect(findings).toEqual([]);
    const { apps, groups } = at.tenant;
    expect(value?.tenants[0]).toMatchObject({
      name: "contoso",
      tenantId: TENANT,
      clientId: apps[0]?.appId ?? "",
      credential: { path: join(at.home, "keys/contoso.pem") },
      parentGroup: { id: groups[0]?.id ?? "" },
    });
  });

  test("adds a further certificate beside the one that is there, and finds a Base64 of another spelling", async () => {
    const at = sandbox();
    await certNew({ home: at.home, bits: "2048", days: 365 }, captureIo().io, "contoso");
    await at.run(await printed(at.home));
    const tenant = at.tenant;
    const [before = ""] = tenant.apps[0]?.keys ?? [];
    const spelt = before.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    tenant.apps[0]?.keys.splice(0, 1, spelt);
    at.tenant = tenant;
    const { runProgram } = await import("../../src/cli/program.ts");
    await runProgram(["cert", "rotate", "--home", at.home], captureIo().io);
    const { out } = await at.run(await printed(at.home));
    expect(out.match(/the certificate/g)).toHaveLength(2);
    expect(at.tenant.apps[0]?.keys).toHaveLength(2);
    expect(at.tenant.apps[0]?.keys[0]).toBe(spelt);
  });

  test("takes names and paths as they are, however they look", async () => {
    const at = sandbox();
    await certNew({ home: at.home, bits: "2048", days: 365 }, captureIo().io, "contoso");
    const hostile = `a'; touch pwned; echo "$(touch pwned)\`touch pwned\`" \\ é %s *`;
    const values = { ...VALUES, appName: hostile, parentGroup: { name: `p${hostile}` }, groups: [`g${hostile}`, "-n"] };
    const certificates = [readFileSync(join(at.home, "keys/contoso.crt"), "utf8").replace(/-----.+?-----|\s/g, "")];
    const script = setupScript("az", { ...values, certificates, certificateFile: `/${hostile}` });
    const { code, err } = await at.run(script);
    expect([code, err]).toEqual([0, ""]);
    expect(at.tenant.apps.map(({ name }) => name)).toEqual([hostile]);
    expect(at.tenant.groups.map(({ name }) => name)).toEqual([`p${hostile}`, `g${hostile}`, "-n"]);
    expect(await Bun.file(join(at.home, "pwned")).exists()).toBe(false);
    const changes = at.tenant.changes;
    expect((await at.run(script)).code).toBe(0);
    expect(at.tenant.changes).toEqual(changes);
  });

  test("reads the certificate's file when it was made before there was one", async () => {
    const at = sandbox();
    const script = await printed(at.home);
    const early = await at.run(script);
    expect(early.code).toBe(1);
    expect(early.err).toContain("tiersync cert new contoso");
    expect(at.tenant.changes).toEqual([]);
    await certNew({ home: at.home, bits: "2048", days: 365 }, captureIo().io, "contoso");
    expect((await at.run(script)).code).toBe(0);
    const certificate = readFileSync(join(at.home, "keys/contoso.crt"), "utf8");
    expect(at.tenant.apps[0]?.keys).toEqual([certificate.replace(/-----.+?-----|\s/g, "")]);
  });

  describe("stops before it gives anybody a licence or guesses:", () => {
    const setUp = async (edit: (tenant: FakeTenant) => void) => {
      const at = sandbox();
      const tenant = at.tenant;
      edit(tenant);
      at.tenant = tenant;
      const script = setupScript("az", { ...VALUES, certificates: ["AAAA"] });
      return { at, script };
    };
    const group = (name: string, members: string[] = []) => ({
      id: crypto.randomUUID(),
      name,
      nickname: "x",
      members,
    });

    test("a group of the name with members, outside the parent group", async () => {
      const { at, script } = await setUp(({ groups }) => groups.push(group("Pro", [crypto.randomUUID()])));
      const stopped = await at.run(script);
      expect(stopped.code).toBe(1);
      expect(stopped.err).toContain("NEST_EXISTING=yes");
      expect((await at.run(script, { NEST_EXISTING: "yes" })).code).toBe(0);
      const [pro] = at.tenant.groups;
      const parent = at.tenant.groups.find(({ name }) => name === "SecureExchanges_Licences");
      expect(parent?.members).toContain(pro?.id ?? "");
      expect(at.tenant.groups.filter(({ name }) => name === "Pro")).toHaveLength(1);
    });

    test("but an empty group of the name is put into the parent group", async () => {
      const { at, script } = await setUp(({ groups }) => groups.push(group("Pro")));
      expect((await at.run(script)).code).toBe(0);
      expect(at.tenant.groups.filter(({ name }) => name === "Pro")).toHaveLength(1);
    });

    test.each([
      ["two parent groups", ["SecureExchanges_Licences", "SecureExchanges_Licences"], "parentGroup: {id: GUID}"],
      ["two groups of the name", ["Eco", "eco"], "several groups named Eco"],
    ])("%s", async (_, names, message) => {
      const { at, script } = await setUp(({ groups }) => groups.push(...names.map((name) => group(name))));
      const { code, err } = await at.run(script);
      expect(code).toBe(1);
      expect(err).toContain(message);
    });

    test("another tenant", async () => {
      const { at } = await setUp(() => undefined);
      const tenantId = "99999999-2222-3333-4444-555555555555";
      const { code, err } = await at.run(setupScript("az", { ...VALUES, tenantId, certificates: ["AAAA"] }));
      expect(code).toBe(1);
      expect(err).toContain(`--tenant ${tenantId}`);
      expect(at.tenant.changes).toEqual([]);
    });
  });
});

const VALUES: SetupValues = {
  appName: "tiersync",
  tenant: "contoso",
  tenantId: TENANT,
  clientId: "",
  environment: "Global",
  graph: "https://graph.microsoft.com",
  credential: "keys/contoso.pem",
  certificateFile: "/srv/keys/contoso.crt",
  certificates: [],
  parentGroup: { name: "SecureExchanges_Licences" },
  groups: ["Advanced", "Eco", "No_Licence", "Pro"],
};
