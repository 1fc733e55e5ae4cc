/** `init`: the files of a new home folder. Never overwrites, and writes nothing unless it can write everything. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import rulesTemplate from "../../rules/secure-exchanges.yaml" with { type: "text" };
import { CONFIG_FILE } from "../config/paths.ts";
import { DOMAIN, isTenantId, TENANT_NAME, TENANT_NAME_RULE } from "../config/patterns.ts";
import { parseSecretRef } from "../config/secrets.ts";
import { AgentError } from "../errors.ts";
import { GUID } from "../model/directory.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import type { Validate } from "./prompt.ts";
import configTemplate from "./templates/tiersync.yaml" with { type: "text" };

export interface InitOptions extends GlobalOptions {
  readonly name?: string;
  readonly tenantId?: string;
  readonly clientId?: string;
  /** Path of the PEM file, relative to home. */
  readonly certificate?: string;
  /** A reference: `env:NAME`, `file:PATH`, `secret:NAME`. */
  readonly clientSecret?: string;
}

interface Answers {
  readonly name: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly credential: { readonly kind: "certificate" | "clientSecret"; readonly value: string };
}

const name: Validate = (text) => (TENANT_NAME.test(text) ? undefined : `use ${TENANT_NAME_RULE}`);
const tenantId: Validate = (text) =>
  isTenantId(text) ? undefined : "use the directory (tenant) id, a GUID, or a verified domain";
const clientId: Validate = (text) => (GUID.test(text) ? undefined : "use the application (client) id, a GUID");
const certificate: Validate = (text) =>
  /^[^"\\\p{Cc}]+$/u.test(text.replaceAll("\\", "/")) ? undefined : "name a PEM file, relative to the home folder";
const clientSecret: Validate = (text) => {
  const ref = /["\p{Cc}]/u.test(text) ? null : parseSecretRef(text);
  return ref === null || ref.kind === "plain" ? "refer to it: env:NAME, file:PATH or secret:NAME" : undefined;
};

export async function init(options: InitOptions, io: CommandIo): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const { schemaFiles } = await import("./schema-files.ts"); // heavy: brings every schema
  const schemas = schemaFiles();
  const planned = [CONFIG_FILE, "rules/secure-exchanges.yaml", ...schemas.map(({ path }) => path)];
  refuseExisting(home, planned);
  const answers = await ask(options, io);
  const files = [
    { path: CONFIG_FILE, text: configText(answers) },
    { path: "rules/secure-exchanges.yaml", text: rulesTemplate },
    ...schemas,
  ];
  for (const { path, text } of files) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileAtomic(join(home, path), text, { exclusive: true });
  }
  const next = nextSteps(answers, options.home);
  if (options.json) outJson(io, { home, files: planned, next });
  else {
    io.out(`wrote in ${home}:\n${planned.map((path) => `  ${path}\n`).join("")}`);
    io.out(`\nNext:\n${next.map((step, index) => `  ${index + 1}. ${step}\n`).join("")}`);
  }
}

function refuseExisting(home: string, paths: readonly string[]): void {
  const existing = paths.filter((path) => existsSync(join(home, path)));
  if (existing.length === 0) return;
  throw new AgentError("ERR_EXISTS", `in ${home} there is already: ${existing.join(", ")}`, {
    hint: "edit these, or move them away first: tiersync never overwrites",
  });
}

async function ask(options: InitOptions, io: CommandIo): Promise<Answers> {
  const prompter = options.json ? null : io.prompter;
  if (prompter === null) {
    const missing = (["tenantId", "clientId"] as const).filter((key) => options[key] === undefined);
    if (missing.length > 0) {
      const flags = missing.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
      throw new AgentError("ERR_USAGE", `nobody is at a terminal to ask, and ${flags.join(", ")} is missing`, {
        hint: "tiersync init --tenant-id GUID --client-id GUID --name contoso",
      });
    }
  }
  const answer = async (given: string | undefined, question: string, check: Validate): Promise<string> =>
    (given ?? (await prompter?.text(question, { validate: check })) ?? "").trim();
  const given = options.name ?? (prompter === null ? usualName(options.tenantId) : undefined);
  const values = {
    name: await answer(given, "A short name for the tenant, for instance contoso", name),
    tenantId: await answer(options.tenantId, "Directory (tenant) id", tenantId),
    clientId: await answer(options.clientId, "Application (client) id of the app registration", clientId),
  };
  const credential = await askCredential(options, prompter, values.name);
  const faults = [
    ["--name", values.name, name(values.name)],
    ["--tenant-id", values.tenantId, tenantId(values.tenantId)],
    ["--client-id", values.clientId, clientId(values.clientId)],
    credential.kind === "certificate"
      ? ["--certificate", credential.value, certificate(credential.value)]
      : ["--client-secret", "", clientSecret(credential.value)], // may be the secret itself: not repeated
  ].filter(([, , fault]) => fault !== undefined);
  if (faults.length > 0) {
    const lines = faults.map(([flag, value, fault]) => `${flag}${value === "" ? "" : ` "${value}"`}: ${fault}`);
    throw new AgentError("ERR_USAGE", lines.join("\n"), { hint: "nothing was written" });
  }
  return { ...values, credential };
}

/** The first word of a domain; a GUID says nothing. */
function usualName(tenantId: string | undefined): string {
  return tenantId !== undefined && DOMAIN.test(tenantId) ? (tenantId.split(".")[0] ?? "main") : "main";
}

async function askCredential(
  options: InitOptions,
  prompter: CommandIo["prompter"],
  tenant: string,
): Promise<Answers["credential"]> {
  if (options.certificate !== undefined && options.clientSecret !== undefined) {
    throw new AgentError("ERR_USAGE", "--certificate and --client-secret exclude each other");
  }
  if (options.clientSecret !== undefined) return { kind: "clientSecret", value: options.clientSecret };
  const certificateFile = { kind: "certificate", value: options.certificate ?? `keys/${tenant}.pem` } as const;
  const complete = options.name !== undefined && options.tenantId !== undefined && options.clientId !== undefined;
  if (prompter === null || complete || options.certificate !== undefined) return certificateFile;
  const kind = await prompter.select("How does the agent prove who it is?", [
    { value: "certificate", label: "a certificate (recommended; `tiersync cert new` makes one)" },
    { value: "clientSecret", label: "a client secret" },
  ]);
  if (kind === "certificate") return certificateFile;
  const variable = `env:${tenant.toUpperCase().replaceAll("-", "_")}_SECRET`;
  const question = `Where is the secret kept? env:NAME, file:PATH or secret:NAME, for instance ${variable}`;
  return { kind: "clientSecret", value: await prompter.text(question, { validate: clientSecret }) };
}

function configText({ name, tenantId, clientId, credential }: Answers): string {
  const values: Readonly<Record<string, string>> = {
    name,
    tenantId,
    clientId,
    credential: credential.value.replaceAll("\\", "/"),
  };
  const template: string = configTemplate;
  return template
    .replace('"{{credentialKind}}"', credential.kind)
    .replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? "");
}

function nextSteps({ name, credential }: Answers, home: string | undefined): string[] {
  const at = home === undefined ? "" : ` --home ${/[^\w./\\:-]/.test(home) ? `"${home}"` : home}`;
  const steps = [];
  if (credential.kind === "certificate") {
    steps.push(`make the certificate: tiersync cert new ${name}${at}`);
    steps.push(
      `upload keys/${name}.crt to the app registration in Entra; \`tiersync entra-setup\` prints a script that makes it all`,
    );
  } else steps.push(`put the client secret where ${credential.value} points`);
  steps.push("write into tiersync.yaml, under tiers, how many seats were bought");
  steps.push(`check everything: tiersync check${at}`);
  steps.push(`look at what would happen, then let it: tiersync plan${at}, tiersync run${at}`);
  return steps;
}

export const initCommand = defineCommand({
  name: "init",
  summary: "write tiersync.yaml, rules/ and the schemas for editors; never overwrites",
  noTenant: "the name of the first tenant is given with --name",
  details: "Asks at a terminal for what is not given.",
  examples: [
    "init",
    "init --name contoso --tenant-id contoso.example --client-id 11111111-2222-3333-4444-555555555555",
  ],
  configure: (command) =>
    command
      .option(
        "--name <name>",
        "short name of the tenant, used in logs, API and rules (default: the domain's first word, else main)",
      )
      .option("--tenant-id <id>", "directory (tenant) id, or a verified domain")
      .option("--client-id <id>", "application (client) id of the app registration")
      .option("--certificate <file>", "PEM file with private key and certificate (default: keys/NAME.pem)")
      .option("--client-secret <reference>", "instead of a certificate: env:NAME, file:PATH or secret:NAME"),
  run: (options, io) => init(options, io),
});
