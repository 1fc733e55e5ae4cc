/** `entra-setup`: prints a script that makes everything in Entra that the agent needs. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { certificateFiles } from "../config/certificate-files.ts";
import { CLOUDS } from "../config/clouds.ts";
import { CONFIG_FILE } from "../config/paths.ts";
import { TENANT_NAME, TENANT_NAME_RULE } from "../config/patterns.ts";
import { selectTenants } from "../config/tenant-choice.ts";
import type { TenantConfig } from "../config/types.ts";
import { readCertificate } from "../entra/certificate.ts";
import { AgentError } from "../errors.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { readProtectedText } from "../platform/protect.ts";
import { isElsewhere, mentionedGroups } from "../rules/mentions.ts";
import type { RuleSet } from "../rules/types.ts";
import { inHome } from "./certificate-views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { type SetupShell, type SetupValues, setupScript } from "./entra-setup-script.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome } from "./load-home.ts";

export interface EntraSetupOptions extends GlobalOptions {
  readonly shell: SetupShell;
  /** Display name of the app registration. */
  readonly name: string;
  readonly out?: string;
}

/** The parent group's usual members. */
const GROUPS = ["Advanced", "Eco", "No_Licence", "Pro"];
const PARENT = "SecureExchanges_Licences";

export async function entraSetup(options: EntraSetupOptions, io: CommandIo): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const installation = configured(home, options.tenant) ?? defaults(home, options.tenant);
  const certificate = certificateFiles(installation.keyFile).present.certificate;
  const certificates = publicCertificates(installation.keyFile);
  const script = setupScript(options.shell, {
    ...installation,
    appName: options.name,
    credential: inHome(installation.keyFile, home),
    certificateFile: certificate,
    certificates,
  });
  if (certificates.length === 0) {
    const { tenant } = installation;
    io.err(`warning: there is no ${inHome(certificate, home)} yet, and the script wants to upload it\n`);
    io.err(`hint: make it first, then this script: tiersync cert new ${tenant}\n`);
  }
  const target = options.out === undefined ? null : resolve(home, options.out);
  if (target !== null) write(target, script, options.shell);
  if (options.json) outJson(io, { shell: options.shell, tenant: installation.tenant, file: target, script });
  else if (target === null) io.out(script);
  else if (!options.quiet) io.out(`wrote ${target}; read it, then run it\n`);
}

type Installation = Omit<SetupValues, "appName" | "credential" | "certificateFile" | "certificates"> & {
  /** Absolute. */
  readonly keyFile: string;
};

/** By tiersync.yaml and the rules; null when there is no tiersync.yaml. */
function configured(home: string, name: string | undefined): Installation | null {
  if (!existsSync(join(home, CONFIG_FILE))) return null;
  const { config, rules } = loadGoodHome(home);
  const [tenant, another] = selectTenants(config, name);
  if (tenant === undefined || another !== undefined) {
    throw new AgentError("ERR_USAGE", "there are several tenants, and each needs its own script", {
      hint: `say which: --tenant NAME, one of ${config.tenants.map((each) => each.name).join(", ")}`,
    });
  }
  const { tenantId, clientId, cloud, credential, parentGroup } = tenant;
  const keyFile = credential.kind === "certificate" ? credential.path : join(home, "keys", `${tenant.name}.pem`);
  return {
    ...{ tenant: tenant.name, tenantId, clientId, keyFile, parentGroup, groups: groupsOf(tenant, rules) },
    ...{ environment: environmentOf(cloud.graph), graph: cloud.graph },
  };
}

function defaults(home: string, name = "contoso"): Installation {
  if (!TENANT_NAME.test(name)) {
    throw new AgentError("ERR_USAGE", `"${name}" cannot be a tenant's name`, { hint: `use ${TENANT_NAME_RULE}` });
  }
  return {
    ...{ tenant: name, tenantId: "", clientId: "", keyFile: join(home, "keys", `${name}.pem`) },
    ...{ parentGroup: { name: PARENT }, groups: GROUPS, environment: "Global", graph: CLOUDS.global.graph },
  };
}

/** The member groups that the tenant's rules name; else those called like its tiers. */
function groupsOf({ name, tiers }: TenantConfig, rules: RuleSet): readonly string[] {
  const named = mentionedGroups(rules, name).flatMap((mention) => (isElsewhere(mention) ? [] : (mention.name ?? [])));
  const all = named.length > 0 ? named : tiers.map((tier) => tier.name);
  return [...new Map(all.map((group) => [group.toLowerCase(), group])).values()].sort();
}

function environmentOf(graph: string): SetupValues["environment"] {
  if (graph === CLOUDS.usgov.graph) return "USGov";
  if (graph === CLOUDS.dod.graph) return "USGovDoD";
  return graph === CLOUDS.china.graph ? "China" : "Global";
}

/** Base64 of the present certificate and the next one, as far as there are any. Never a key. */
function publicCertificates(keyFile: string): string[] {
  const { present, next } = certificateFiles(keyFile);
  const files = [present.certificate, next.certificate].filter((file) => existsSync(file));
  // A key file that was brought along has no .crt beside it.
  const own =
    !existsSync(present.certificate) && existsSync(keyFile) ? [readCertificate(readProtectedText(keyFile))] : [];
  return [...own.map(({ certificate }) => certificate.raw.toString("base64")), ...files.map(readPublic)];
}

function readPublic(file: string): string {
  try {
    return new X509Certificate(readFileSync(file)).raw.toString("base64");
  } catch {
    throw new AgentError("ERR_USAGE", `${file} is no certificate`, { hint: "make one: tiersync cert new NAME" });
  }
}

function write(file: string, script: string, shell: SetupShell): void {
  try {
    writeFileAtomic(file, script, { exclusive: true, mode: shell === "az" ? 0o755 : 0o644 });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (errno === "EEXIST") {
      throw new AgentError("ERR_EXISTS", `${file} exists already`, { hint: "choose another name, or delete it first" });
    }
    throw new AgentError("ERR_PLATFORM", `${file} cannot be written (${errno})`, {
      hint: "name a file in a folder that exists and that you may write into",
      cause: error,
    });
  }
}

export const entraSetupCommand = defineCommand({
  name: "entra-setup",
  summary: "print a script that makes app, certificate, permissions, consent and groups in Entra",
  details:
    "Takes names and ids from tiersync.yaml where there is one. Make the certificate first: tiersync cert new NAME. The script can be run again at any time: it looks before it makes anything.",
  examples: [
    "entra-setup --shell powershell --out entra-setup.ps1",
    "entra-setup --shell az --tenant contoso > entra-setup.sh",
  ],
  configure: (command) =>
    command
      .addOption(
        new Option("--shell <shell>", "powershell: Microsoft Graph PowerShell; az: bash with the Azure CLI")
          .choices(["powershell", "az"] as const)
          .makeOptionMandatory(),
      )
      .option("--name <name>", "display name of the app registration", "tiersync")
      .option("--out <file>", "write it there instead; relative to the home folder, never overwrites"),
  run: (options, io) => entraSetup(options, io),
});
