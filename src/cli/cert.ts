/** `cert new` and `cert show`: the key and certificate that the agent signs in to Entra with. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { createCertificate } from "../entra/self-signed.ts";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { writeProtected } from "../platform/protect.ts";
import { rotateCommand, wholeDays } from "./cert-rotate.ts";
import {
  type CertificateView,
  certificateUser,
  describe,
  describeFault,
  facts,
  knownCertificates,
  readView,
} from "./certificate-views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

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
  const view: CertificateView = { name, role: "present", keyFile, certificateFile, ...facts(made, now) };
  if (options.json) outJson(io, view);
  else io.out(describe(view) + nextStep(view));
}

/** Those in keys/ and those that tiersync.yaml names, with next and old ones; `tenant`: those that it uses. Exit code 1 when one of them cannot be read. */
export async function certShow(options: GlobalOptions, io: CommandIo, name?: string): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const tenant = options.tenant === undefined ? undefined : await certificateUser(home, options.tenant);
  const all = await knownCertificates(home);
  const named = all.filter((certificate) => name === undefined || certificate.name === name);
  if (name !== undefined && named.length === 0) {
    throw new AgentError("ERR_NOT_FOUND", `there is no certificate "${name}" in ${join(home, "keys")}`, {
      hint:
        all.length === 0
          ? `make one: tiersync cert new ${name}`
          : `there are: ${all.map(({ path }) => basename(path)).join(", ")}`,
    });
  }
  const known = named.filter(({ tenants }) => tenant === undefined || tenants.includes(tenant));
  const now = Date.now();
  const items = known.map((certificate) => readView(certificate, home, now));
  if (options.json) outJson(io, { items });
  else if (items.length === 0 && tenant !== undefined)
    io.out(`${tenant} uses no certificate${name === undefined ? "" : ` ${name}`}\n`);
  else if (items.length === 0) io.out(`no certificates in ${join(home, "keys")}; make one: tiersync cert new NAME\n`);
  else io.out(items.map((item) => ("error" in item ? describeFault(item) : describe(item))).join("\n"));
  return items.some((item) => "error" in item) ? EXIT.failed : EXIT.done;
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

const newCommand = defineCommand({
  name: "new",
  summary: "make a key and a self-signed certificate; never overwrites",
  noTenant: "NAME says what the certificate is called",
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
  summary: "thumbprints and expiry of the certificates in keys/, next and old ones too",
  examples: ["cert show", "cert show contoso --json", "cert show --tenant contoso"],
  configure: (command) => command.argument("[name]", "only this one"),
  run: (options, io, name) => certShow(options, io, name),
});

export const certCommand = defineCommand({
  name: "cert",
  summary: "make, show and replace the certificates that the agent signs in with",
  examples: ["cert new contoso", "cert show", "cert rotate"],
  subcommands: [newCommand, showCommand, rotateCommand],
});
