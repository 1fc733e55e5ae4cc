/** `cert new` and `cert show`: the key and certificate that the agent signs in to Entra with. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { readCertificate } from "../entra/certificate.ts";
import { createCertificate } from "../entra/self-signed.ts";
import { AgentError, EXIT, type ExitCode, toAgentError } from "../errors.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { readProtectedText, writeProtected } from "../platform/protect.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

const DAY = 86_400_000;

export interface CertNewOptions extends GlobalOptions {
  readonly bits: "2048" | "3072" | "4096";
  readonly days: number;
}

export async function certNew(options: CertNewOptions, io: CommandIo, name: string): Promise<undefined> {
  if (!/^[\w-]+$/.test(name)) {
    throw new AgentError("ERR_USAGE", `"${name}" cannot be a certificate's name`, {
      hint: "use letters, digits, - and _, best the tenant's name in tiersync.yaml",
    });
  }
  const home = resolveHome(options.home, io);
  const keyFile = `keys/${name}.pem`;
  const certificateFile = `keys/${name}.crt`;
  const existing = [keyFile, certificateFile].filter((file) => existsSync(join(home, file)));
  if (existing.length > 0) {
    throw new AgentError(
      "ERR_EXISTS",
      `${existing.join(" and ")} in ${home} exist${existing.length === 1 ? "s" : ""} already`,
      {
        hint: `choose another name, for instance ${name}-${new Date().getUTCFullYear() + 1}, or move the old files away`,
      },
    );
  }
  if (!options.json && !options.quiet) io.err(`making an RSA ${options.bits} key …\n`);
  const bits = Number(options.bits) as 2048 | 3072 | 4096;
  const now = Date.now();
  const made = await createCertificate({ commonName: `tiersync ${name}`, bits, days: options.days, now });
  writeProtected(join(home, keyFile), `${made.privateKeyPem.trimEnd()}\n${made.certificatePem}`, { exclusive: true });
  writeFileAtomic(join(home, certificateFile), made.certificatePem, { exclusive: true });
  const view = { name, keyFile, certificateFile, ...facts(made, now) };
  if (options.json) outJson(io, view);
  else io.out(describe(view) + nextStep(view));
}

/** Those in keys/ and those that tiersync.yaml names. Exit code 1 when one of them cannot be read. */
export async function certShow(options: GlobalOptions, io: CommandIo, name?: string): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const users = await configuredCertificates(home);
  const all = [...new Set([...keyFiles(home), ...users.keys()])].sort();
  const paths = all.filter((path) => name === undefined || basename(path, ".pem") === name);
  if (name !== undefined && paths.length === 0) {
    throw new AgentError("ERR_NOT_FOUND", `there is no certificate "${name}" in ${join(home, "keys")}`, {
      hint:
        all.length === 0
          ? `make one: tiersync cert new ${name}`
          : `there are: ${all.map((path) => basename(path)).join(", ")}`,
    });
  }
  const now = Date.now();
  const items = paths.map((path) => readView(path, home, users.get(path) ?? [], now));
  if (options.json) outJson(io, { items });
  else if (items.length === 0) io.out(`no certificates in ${join(home, "keys")}; make one: tiersync cert new NAME\n`);
  else io.out(items.map((item) => ("error" in item ? describeFault(item) : describe(item))).join("\n"));
  return items.some((item) => "error" in item) ? EXIT.failed : EXIT.done;
}

function keyFiles(home: string): string[] {
  const folder = join(home, "keys");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => (file.endsWith(".pem") ? join(folder, file) : []));
}

/** Absolute path → names of the tenants that use it. A broken tiersync.yaml names none. */
async function configuredCertificates(home: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { loadConfig } = await import("../config/load.ts");
  const users = new Map<string, string[]>();
  for (const { name, credential } of loadConfig(home).value?.tenants ?? []) {
    if (credential.kind === "certificate") users.set(credential.path, [...(users.get(credential.path) ?? []), name]);
  }
  return users;
}

function readView(path: string, home: string, tenants: readonly string[], now: number): ShownView | UnreadableView {
  const inHome = relative(home, path).replaceAll("\\", "/");
  const keyFile = inHome.startsWith("../") ? path : inHome;
  const name = basename(path, ".pem");
  try {
    const certificate = readCertificate(readProtectedText(path));
    return { name, keyFile, certificateFile: keyFile.replace(/\.pem$/, ".crt"), tenants, ...facts(certificate, now) };
  } catch (thrown) {
    const { code, message, hint } = toAgentError(thrown);
    return { name, keyFile, tenants, error: { code, message, hint } };
  }
}

interface CertificateFacts {
  /** Hex SHA-1, as the Entra portal shows it. */
  readonly thumbprint: string;
  readonly thumbprintSha256: string;
  readonly expiresAt: string;
  readonly daysLeft: number;
}

interface CertificateView extends CertificateFacts {
  readonly name: string;
  readonly keyFile: string;
  readonly certificateFile: string;
}

function facts(of: { sha1: string; sha256: string; expiresAt: number }, now: number): CertificateFacts {
  return {
    thumbprint: of.sha1,
    thumbprintSha256: of.sha256,
    expiresAt: new Date(of.expiresAt).toISOString(),
    daysLeft: Math.floor((of.expiresAt - now) / DAY),
  };
}

interface ShownView extends CertificateView {
  /** Those whose credential it is according to tiersync.yaml. */
  readonly tenants: readonly string[];
}

interface UnreadableView extends Pick<ShownView, "name" | "keyFile" | "tenants"> {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

function describeFault({ name, keyFile, error }: UnreadableView): string {
  return `${name}\n  key          ${keyFile}\n  error        ${error.message} [${error.code}]\n  hint         ${error.hint}\n`;
}

function describe(view: CertificateView & Partial<ShownView>): string {
  const tenants =
    view.tenants === undefined ? [] : [`  used by      ${view.tenants.join(", ") || "no tenant of tiersync.yaml"}`];
  const expiry = view.daysLeft < 0 ? "expired" : `${view.daysLeft} days left`;
  return [
    `${view.name}`,
    `  key          ${view.keyFile} (keep it: it never leaves this computer)`,
    `  certificate  ${view.certificateFile}`,
    `  SHA-1        ${view.thumbprint}`,
    `  SHA-256      ${view.thumbprintSha256}`,
    `  expires      ${view.expiresAt.slice(0, 10)} (${expiry})`,
    ...tenants,
    "",
  ].join("\n");
}

function nextStep({ name, keyFile, certificateFile }: CertificateView): string {
  return [
    "",
    `Next: upload ${certificateFile} in the Entra admin centre: App registrations, your app,`,
    "Certificates & secrets, Certificates, Upload certificate. Then name the key in tiersync.yaml:",
    "",
    "    credential:",
    `      certificate: ${keyFile}`,
    "",
    `and try it: tiersync check --tenant ${name}`,
    "",
  ].join("\n");
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650) throw new InvalidArgumentError("Use 1 to 3650 days.");
  return days;
}

const newCommand = defineCommand({
  name: "new",
  summary: "make a key and a self-signed certificate; never overwrites",
  details: "Writes keys/NAME.pem (private key and certificate, readable by you only) and keys/NAME.crt (to upload).",
  examples: ["cert new contoso", "cert new contoso --bits 2048 --days 180"],
  configure: (command) =>
    command
      .argument("<name>", "best the tenant's name in tiersync.yaml")
      .addOption(
        new Option("--bits <bits>", "size of the RSA key")
          .choices(["2048", "3072", "4096"] as const)
          .default("4096" as const),
      )
      .option("--days <days>", "how long it is valid", wholeDays, 365),
  run: (options, io, name) => certNew(options, io, name),
});

const showCommand = defineCommand({
  name: "show",
  summary: "thumbprints and expiry of the certificates in keys/",
  examples: ["cert show", "cert show contoso --json"],
  configure: (command) => command.argument("[name]", "only this one"),
  run: (options, io, name) => certShow(options, io, name),
});

export const certCommand = defineCommand({
  name: "cert",
  summary: "make and show the certificates that the agent signs in with",
  examples: ["cert new contoso", "cert show"],
  subcommands: [newCommand, showCommand],
});
