/** `cert rotate`: the next certificate beside the present one. The agent switches by itself as soon as Entra accepts it. */
import { existsSync } from "node:fs";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { certificateFiles } from "../config/certificate-files.ts";
import { readCertificate } from "../entra/certificate.ts";
import { createCertificate } from "../entra/self-signed.ts";
import { AgentError } from "../errors.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { readProtectedText, writeProtected } from "../platform/protect.ts";
import {
  type CertificateView,
  certificateUser,
  describe,
  facts,
  inHome,
  type KnownCertificate,
  knownCertificates,
} from "./certificate-views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

export interface CertRotateOptions extends GlobalOptions {
  readonly days: number;
}

async function certRotate(options: CertRotateOptions, io: CommandIo, typed?: string): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const tenant = options.tenant === undefined ? undefined : await certificateUser(home, options.tenant);
  const { name, path, tenants } = choose(await knownCertificates(home), typed ?? tenant);
  const { present, next } = certificateFiles(path);
  const before = readCertificate(readProtectedText(path));
  if (existsSync(next.key)) {
    const { key, certificate } = { key: inHome(next.key, home), certificate: inHome(next.certificate, home) };
    throw new AgentError("ERR_EXISTS", `there is a next certificate already: ${key}`, {
      hint: `upload ${certificate} to the app registration; or delete ${key} and rotate again for another one`,
    });
  }
  const bits = sizeLike(before.key.asymmetricKeyDetails?.modulusLength ?? 0);
  if (!options.json && !options.quiet) io.err(`making an RSA ${bits} key …\n`);
  const now = Date.now();
  const made = await createCertificate({ commonName: `tiersync ${name}`, bits, days: options.days, now });
  // Last, because it is what the agent looks for; a certificate without its key is left over from a switch.
  writeFileAtomic(next.certificate, made.certificatePem);
  writeProtected(next.key, `${made.privateKeyPem.trimEnd()}\n${made.certificatePem}`, { exclusive: true });
  const view = (role: "present" | "next", of: Parameters<typeof facts>[0]): CertificateView => {
    const files = role === "next" ? next : present;
    const [keyFile, certificateFile] = [inHome(files.key, home), inHome(files.certificate, home)];
    return { name, role, keyFile, certificateFile, ...facts(of, now) };
  };
  const views = { present: { ...view("present", before), tenants }, next: view("next", made) };
  if (options.json) outJson(io, { name, ...views });
  else io.out(`${describe(views.present)}\n${describe(views.next)}${whatNow(views.next, tenants)}`);
}

/** The one that is meant: by its own name, by the tenant that uses it, or because there is no other. */
function choose(known: readonly KnownCertificate[], typed: string | undefined): KnownCertificate {
  const present = known.filter(({ role }) => role === "present");
  const used = present.filter(({ tenants }) => tenants.length > 0);
  const names = present.map(({ name }) => name).join(", ");
  if (typed === undefined) {
    const [only, another] = used.length > 0 ? used : present;
    if (only !== undefined && another === undefined) return only;
    throw new AgentError(
      "ERR_USAGE",
      only === undefined ? "there is no certificate yet" : "there are several certificates",
      {
        hint:
          only === undefined
            ? "make one: tiersync cert new NAME"
            : `say which: tiersync cert rotate NAME, one of ${names}`,
      },
    );
  }
  const found = present.find(({ name }) => name === typed) ?? used.find(({ tenants }) => tenants.includes(typed));
  if (found !== undefined) return found;
  throw new AgentError("ERR_NOT_FOUND", `there is no certificate "${typed}"`, {
    hint: names === "" ? `make one: tiersync cert new ${typed}` : `there are: ${names}`,
  });
}

function sizeLike(bits: number): 2048 | 3072 | 4096 {
  return bits <= 2048 ? 2048 : bits <= 3072 ? 3072 : 4096;
}

function whatNow({ certificateFile, keyFile }: CertificateView, tenants: readonly string[]): string {
  const switches =
    tenants.length === 0
      ? "No tenant of tiersync.yaml uses this certificate, so no agent will switch to the next one."
      : "The agent keeps using the present one, tries the next one each cycle, and switches by itself; no restart.";
  return [
    "",
    `Next: upload ${certificateFile} in the Entra admin centre beside the present one: App registrations, your app,`,
    "Certificates & secrets, Certificates, Upload certificate.",
    switches,
    "`tiersync cert show` and `tiersync check` tell how far it is. Then remove the old one from the app registration.",
    `Changed your mind? Delete ${keyFile}.`,
    "",
  ].join("\n");
}

/** `--days` of new certificates. */
export function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650) throw new InvalidArgumentError("Use 1 to 3650 days.");
  return days;
}

export const rotateCommand = defineCommand({
  name: "rotate",
  summary: "make the next certificate; the agent switches to it once Entra accepts it",
  details:
    "Writes keys/NAME.next.pem and keys/NAME.next.crt, with a key of the present one's size. After the switch the next one is keys/NAME.pem, and the one before is kept as keys/NAME.old.pem. Several tenants with one certificate switch together.",
  examples: ["cert rotate", "cert rotate contoso --days 180"],
  configure: (command) =>
    command
      .argument("[name]", "the certificate's name, or that of a tenant that uses it; needed when there are several")
      .option("--days <days>", "how long it is valid", wholeDays, 365),
  run: (options, io, name) => certRotate(options, io, name),
});
