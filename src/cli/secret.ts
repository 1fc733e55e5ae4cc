/** `secret set` and `secret list`: values that tiersync.yaml refers to as `secret:NAME`, kept protected in keys/. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SECRET_NAME } from "../config/secrets.ts";
import { AgentError } from "../errors.ts";
import { writeProtected } from "../platform/protect.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

/** Bytes; more than this is a slip. */
const LARGEST = 65_536;

/** The value comes from standard input, or from a hidden prompt when a person is at the terminal. It is never shown. */
export async function secretSet(options: GlobalOptions, io: CommandIo, name: string): Promise<undefined> {
  if (!SECRET_NAME.test(name)) {
    throw new AgentError("ERR_USAGE", `"${name}" cannot be a secret's name`, {
      hint: "use up to 64 letters, digits, - and _; tiersync.yaml then refers to it as secret:NAME",
    });
  }
  const home = resolveHome(options.home, io);
  const file = `keys/${name}.secret`;
  const path = join(home, file);
  const value = cleaned(io.prompter === null || options.json ? await io.readStdin() : await ask(io, name));
  for (const slip of slips(value)) io.err(`warning: the value of ${name} ${slip}\n`);
  const replaced = existsSync(path);
  writeProtected(path, value);
  if (options.json) outJson(io, { name, replaced });
  else if (!options.quiet) {
    io.out(`${replaced ? "replaced" : "stored"} ${file} in ${home}\n`);
    io.out(`tiersync.yaml refers to it as secret:${name}; a running agent uses it from its next cycle on\n`);
  }
}

async function ask(io: CommandIo, name: string): Promise<string> {
  const { prompter } = io;
  const value = (await prompter?.secret(`Value of ${name} (not shown)`)) ?? "";
  // Nobody sees what was pasted: the length tells a cut value from a whole one.
  const sure = value === "" || (await prompter?.confirm(`That was ${[...value].length} characters. Store it?`));
  if (!sure) throw new AgentError("ERR_STOPPED", "cancelled", { hint: "nothing was changed" });
  return value;
}

function cleaned(text: string): string {
  const value = text.replace(/^\ufeff/, "").replace(/[\r\n]+$/, "");
  const refuse = (what: string): AgentError =>
    new AgentError("ERR_USAGE", `the value ${what}: nothing was stored`, {
      hint: "pipe the value in: printf %s VALUE | tiersync secret set NAME; or type it at the prompt",
    });
  if (value.trim() === "") throw refuse("is empty");
  if (value.includes("\0") || value.includes("\ufffd")) throw refuse("is no text in UTF-8");
  if (new TextEncoder().encode(value).length > LARGEST) throw refuse("is too large for a secret");
  return value;
}

/** What looks like an accident; never the value. */
function slips(value: string): string[] {
  return [
    ...(value.trim() === value ? [] : ["has spaces around it; they are left out when it is used"]),
    ...(/^(["']).*\1$/s.test(value.trim()) ? ["has quotes around it; they are taken as part of it"] : []),
    ...(/[\r\n]/.test(value) ? ["has several lines; they are taken as part of it"] : []),
  ];
}

/** Names only. */
export async function secretList(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const folder = join(resolveHome(options.home, io), "keys");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const names = files.flatMap((file) => (file.endsWith(".secret") ? file.slice(0, -".secret".length) : [])).sort();
  if (options.json) outJson(io, { items: names.map((name) => ({ name })) });
  else if (names.length === 0) io.out(`no secrets in ${folder}; set one: tiersync secret set NAME\n`);
  else io.out(names.map((name) => `secret:${name}\n`).join(""));
}

const SHARED = "secrets are the home folder's, and any tenant may refer to them";

const setCommand = defineCommand({
  name: "set",
  summary: "store a secret, protected, in keys/; replaces the one of that name",
  noTenant: SHARED,
  details: "Reads the value from standard input, or asks for it at a terminal without showing it.",
  examples: ["secret set smtp-password", "secret set contoso < value.txt"],
  configure: (command) => command.argument("<name>", "tiersync.yaml refers to it as secret:NAME"),
  run: (options, io, name) => secretSet(options, io, name),
});

const listCommand = defineCommand({
  name: "list",
  summary: "the names of the secrets in keys/; never the values",
  noTenant: SHARED,
  examples: ["secret list", "secret list --json"],
  run: (options, io) => secretList(options, io),
});

export const secretCommand = defineCommand({
  name: "secret",
  summary: "store secrets that tiersync.yaml refers to as secret:NAME",
  examples: ["secret set smtp-password", "secret list"],
  subcommands: [setCommand, listCommand],
});
