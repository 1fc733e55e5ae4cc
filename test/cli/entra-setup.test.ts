import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  bashQuote,
  GRAPH_PERMISSIONS,
  powershellQuote,
  type SetupShell,
  type SetupValues,
  setupScript,
} from "../../src/cli/entra-setup-script.ts";
import { runProgram } from "../../src/cli/program.ts";
import { REQUIRED_ROLES } from "../../src/entra/probe.ts";
import { makeCertificate } from "../support/certificate.ts";
import { openHome } from "../support/home.ts";
import { commands, faults, stringOf } from "../support/powershell.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { captureIo } from "./captured-io.ts";

const VALUES: SetupValues = {
  appName: "tiersync d'Élise",
  tenant: "contoso",
  tenantId: "11111111-2222-3333-4444-555555555555",
  clientId: "aaaaaaaa-0000-4000-8000-000000000001",
  environment: "Global",
  graph: "https://graph.microsoft.com",
  credential: "keys/contoso.pem",
  certificateFile: "C:\\Program Files\\tiersync\\keys\\contoso.crt",
  certificates: ["A".repeat(70), "QkM="],
  parentGroup: { name: "SecureExchanges_Licences" },
  groups: ["Advanced", "Eco", "No_Licence", "Pro"],
};

/** The part with the values. */
function values(script: string): string {
  const from = script.indexOf("# --- Values");
  return script.slice(from, script.indexOf("\n\n", from + 50));
}

async function setup(home: string, ...argv: string[]) {
  const { io, stdout, stderr } = captureIo({ cwd: "/nowhere" });
  const code = await runProgram(["entra-setup", "--home", home, ...argv], io);
  return { code, out: stdout(), err: stderr() };
}

const SHELLS: readonly SetupShell[] = ["powershell", "az"];

describe("the values in front of the script", () => {
  test("read like this in PowerShell", () => {
    expect(values(setupScript("powershell", VALUES))).toBe(`# --- Values of this installation ---

$AppName = ('tiersync d''' + [char]0x00C9 + 'lise')
$TenantId = '11111111-2222-3333-4444-555555555555' # empty: the tenant that you sign in to
$ClientId = 'aaaaaaaa-0000-4000-8000-000000000001' # an app registration that may be there already
$Environment = 'Global'
$ParentGroup = 'SecureExchanges_Licences'
$ParentGroupId = '' # instead of the name
$Groups = @('Advanced', 'Eco', 'No_Licence', 'Pro')
$Permissions = [ordered]@{
    'Group.Read.All'       = '5b567255-7703-4780-807c-7be8301ae99b'
    'GroupMember.Read.All' = '98830695-27a2-44f7-8c18-0c3ebc9698f6'
    'MailboxSettings.Read' = '40f97065-369a-49f4-947c-6a255697ae91'
    'User.Read.All'        = 'df021288-bdef-4463-88db-98f22de89214'
}
# For tiersync.yaml.
$Tenant = 'contoso'
$Credential = 'keys/contoso.pem'
# The public certificate, in Base64; none here: read from the file when this runs.
$CertificateFile = 'C:\\Program Files\\tiersync\\keys\\contoso.crt'
$Certificates = @(
'${"A".repeat(64)}
AAAAAA',
'QkM='
)`);
  });

  test("read like this in bash", () => {
    const parentGroup = { id: "bbbbbbbb-0000-4000-8000-000000000002" };
    const certificateFile = "/srv/tier sync/keys/contoso.crt";
    expect(
      values(setupScript("az", { ...VALUES, parentGroup, certificateFile })),
    ).toBe(`# --- Values of this installation ---

app_name='tiersync d'\\''Élise'
tenant_id='11111111-2222-3333-4444-555555555555' # empty: the tenant that you are signed in to
client_id='aaaaaaaa-0000-4000-8000-000000000001' # an app registration that may be there already
graph='https://graph.microsoft.com'
parent_group=''
parent_id='bbbbbbbb-0000-4000-8000-000000000002' # instead of the name
groups=('Advanced' 'Eco' 'No_Licence' 'Pro')
permissions=(
  '5b567255-7703-4780-807c-7be8301ae99b Group.Read.All'
  '98830695-27a2-44f7-8c18-0c3ebc9698f6 GroupMember.Read.All'
  '40f97065-369a-49f4-947c-6a255697ae91 MailboxSettings.Read'
  'df021288-bdef-4463-88db-98f22de89214 User.Read.All'
)
# For tiersync.yaml.
tenant='contoso'
credential='keys/contoso.pem'
# The public certificate, in Base64; none here: read from the file when this runs.
certificate_file='/srv/tier sync/keys/contoso.crt'
certificates=(
'${"A".repeat(64)}
AAAAAA'
'QkM='
)`);
  });

  test("name exactly the permissions that the agent needs", () => {
    expect(Object.keys(GRAPH_PERMISSIONS)).toEqual([...REQUIRED_ROLES]);
  });

  test.each(SHELLS)("are refused for %s when they would read as something else", (shell) => {
    for (const text of ["a\nb", "a\u202eb", "a\u200bb", "\u001b[2J"]) {
      for (const edit of [
        { appName: text },
        { groups: [text] },
        { parentGroup: { name: text } },
        { certificateFile: text },
      ]) {
        expect(() => setupScript(shell, { ...VALUES, ...edit })).toThrow("invisible characters");
      }
    }
  });

  test("are refused for az when it would take them for a file's name", () => {
    expect(() => setupScript("az", { ...VALUES, groups: ["@etc"] })).toThrow("begin with @");
    expect(setupScript("powershell", { ...VALUES, groups: ["@etc"] })).toContain("@('@etc')");
  });
});

describe("the script for PowerShell", () => {
  const script = setupScript("powershell", VALUES);

  test("is PowerShell, and the parser would notice if it were not", () => {
    expect(faults(script)).toEqual([]);
    expect(faults(script.replace("$Groups = @(", "$Groups = @((")).length).toBeGreaterThan(0);
    expect(faults(script.replace("if ($Certificates", "if ($Certificates {")).length).toBeGreaterThan(0);
  });

  test("calls Microsoft Graph's commands, its own and PowerShell's, and no others", () => {
    expect(commands(script)).toEqual([
      "Connect-MgGraph",
      "ConvertTo-ODataString",
      "Find-Group",
      "ForEach-Object",
      "Get-Content",
      "Get-MgApplication",
      "Get-MgContext",
      "Get-MgGroup",
      "Get-MgGroupMember",
      "Get-MgServicePrincipal",
      "Get-MgServicePrincipalAppRoleAssignment",
      "Invoke-Patiently",
      "New-MgApplication",
      "New-MgGroup",
      "New-MgGroupMember",
      "New-MgServicePrincipal",
      "New-MgServicePrincipalAppRoleAssignment",
      "New-Object",
      "New-SecurityGroup",
      "Out-Null",
      "Start-Sleep",
      "Test-Path",
      "Update-MgApplication",
      "Where-Object",
      "Write-Host",
      "Write-Warning",
    ]);
  });

  test("is ASCII whatever the names are, so that no code page can change it", () => {
    const groups = ["Équipe «Pro»", "‘; Remove-Item C:\\ #’", "日本 $(calc)", "`whoami`"];
    const named = setupScript("powershell", { ...VALUES, groups });
    expect(named).toMatch(/^[\x09\x0a\x20-\x7e]*$/);
    expect(faults(named)).toEqual([]);
    expect(commands(named)).toEqual(commands(script));
  });
});

describe("a quoted text", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("'", "’", "‘", '"', "$", "(", ")", "`", ";", "#", "é", "x", " ", "\\", "+", "-"),
    }),
  );

  test("is that text in PowerShell's eyes, and nothing else", () => {
    fc.assert(fc.property(hostile, (text) => expect(stringOf(powershellQuote(text))).toBe(text)));
  });

  test.if(process.platform !== "win32")("is that text in bash's eyes, and nothing else", () => {
    const texts = fc.sample(hostile, 200).map((text) => text.replaceAll("\0", "").toWellFormed());
    const script = texts.map((text) => `printf '%s\\0' ${bashQuote(text)}`).join("\n");
    const { stdout, exitCode } = Bun.spawnSync(["bash"], { stdin: Buffer.from(script) });
    expect(exitCode).toBe(0);
    expect(stdout.toString().split("\0").slice(0, -1)).toEqual(texts);
  });
});

describe("tiersync entra-setup", () => {
  test.each(SHELLS)("takes names, ids and the certificate from the installation, for %s", async (shell) => {
    const home = openHome();
    const { out: printed, err } = await setup(home.home, "--shell", shell);
    expect(err).toBe("");
    for (const text of ["11111111-2222-3333-4444-555555555555", "SecureExchanges_Licences", "'No_Licence'"]) {
      expect(printed).toContain(text);
    }
    const pem = readFileSync(join(home.home, "keys/contoso.pem"), "utf8");
    const [certificate = ""] = /(?<=BEGIN CERTIFICATE-----\n)[^-]+(?=\n-)/.exec(pem) ?? [];
    expect(printed).toContain(certificate);
    expect(printed).not.toContain("PRIVATE KEY");
  });

  test("uploads the next certificate too", async () => {
    const home = openHome();
    await home.run("cert", "rotate");
    const next = readFileSync(join(home.home, "keys/contoso.next.crt"), "utf8");
    const { out } = await setup(home.home, "--shell", "az");
    expect(out).toContain(next.replace(/-----.+?-----/g, "").trim());
    expect(out.match(/^'MII/gm)).toHaveLength(2);
  });

  test("takes the groups that the rules name, and the parent by its id", async () => {
    const home = openHome();
    home.writeRules(
      "rules:\n  - {name: a, tier: Pro, priority: 1, when: {any: [{group: Sales's}, {group: {name: All, anywhere: true}}]}}\n",
    );
    home.rewrite((text) =>
      text.replace("parentGroup: SecureExchanges_Licences", "parentGroup: {id: bbbbbbbb-0000-4000-8000-000000000002}"),
    );
    const { out } = await setup(home.home, "--shell", "powershell");
    expect(out).toContain("$Groups = @('Sales''s')");
    expect(out).toContain("$ParentGroupId = 'bbbbbbbb-0000-4000-8000-000000000002'");
  });

  test("works before there is a tiersync.yaml, and says that the certificate comes first", async () => {
    const { code, out, err } = await setup(
      tempFolder(),
      "--shell",
      "powershell",
      "--tenant",
      "fabrikam",
      "--name",
      "x y",
    );
    expect(code).toBe(0);
    expect(faults(out)).toEqual([]);
    expect(out).toContain("$AppName = 'x y'");
    expect(out).toContain("$Groups = @('Advanced', 'Eco', 'No_Licence', 'Pro')");
    expect(err).toContain("tiersync cert new fabrikam");
  });

  test("writes a file that it never overwrites, or gives it in JSON", async () => {
    const home = openHome();
    const { code, out } = await setup(home.home, "--shell", "az", "--out", "setup.sh");
    expect([code, out]).toEqual([0, `wrote ${join(home.home, "setup.sh")}; read it, then run it\n`]);
    const written = readFileSync(join(home.home, "setup.sh"), "utf8");
    expect((await setup(home.home, "--shell", "az")).out).toBe(written);
    const again = await setup(home.home, "--shell", "powershell", "--out", "setup.sh");
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("[ERR_EXISTS]")]);
    expect(readFileSync(join(home.home, "setup.sh"), "utf8")).toBe(written);
    const { json } = await home.run("entra-setup", "--shell", "az", "--json");
    expect(json).toEqual({ shell: "az", tenant: "contoso", file: null, script: written });
  });

  test.each([
    ["no shell", [], "--shell"],
    ["an unknown shell", ["--shell", "fish"], "powershell, az"],
    ["a tenant that there is not", ["--shell", "az", "--tenant", "nobody"], "contoso"],
  ])("ends with exit code 2 for %s", async (_, argv, message) => {
    const { code, err } = await setup(openHome().home, ...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test("refuses to guess between tenants, and to print a key", async () => {
    const home = openHome();
    writeFileSync(join(home.home, "keys/contoso.crt"), makeCertificate().keyPem);
    const broken = await setup(home.home, "--shell", "az");
    expect([broken.code, broken.out]).toEqual([2, ""]);
    home.rewrite((text) => {
      const entry = /(\s{2}- name: contoso[\s\S]+?\n)(?=tiers:)/.exec(text)?.[1] ?? "";
      return text.replace(entry, `${entry}${entry.replace("contoso", "fabrikam")}`);
    });
    const unsure = await setup(home.home, "--shell", "az");
    expect(unsure.code).toBe(2);
    expect(unsure.err).toContain("--tenant NAME, one of contoso, fabrikam");
  });
});
