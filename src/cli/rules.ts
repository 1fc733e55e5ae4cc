/** `rules check | schema`: what an admin who edits rules asks for. `rules test` is in rules-test.ts. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, type ExitCode } from "../errors.ts";
import { counted } from "../model/counted.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import { plainText } from "../model/plain-text.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { rulesTestCommand } from "./rules-test.ts";

export async function rulesCheck(options: GlobalOptions, io: CommandIo): Promise<ExitCode> {
  const { loadHome } = await import("../config/load.ts");
  const { rules, files, findings } = loadHome(resolveHome(options.home, io));
  const ok = findings.every(({ level }) => level !== "error");
  const count = rules?.files.reduce((total, file) => total + file.rules.length, 0) ?? 0;
  if (options.json) outJson(io, { ok, files: files.rules.length, rules: count, findings });
  else {
    for (const finding of findings) io.out(`${findingLine(finding, io)}\n`);
    if (ok) io.out(`${counted(count, "rule")} in ${counted(files.rules.length, "file")}: all good\n`);
    else io.out(`${counted(findings.filter(({ level }) => level === "error").length, "error")}\n`);
  }
  return ok ? EXIT.done : EXIT.usage;
}

/** Replaces what an older version wrote: these files are generated. */
export async function rulesSchema(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const { schemaFiles } = await import("./schema-files.ts");
  const home = resolveHome(options.home, io);
  const files = schemaFiles();
  for (const { path, text } of files) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileAtomic(join(home, path), text);
  }
  if (options.json) outJson(io, { home, files: files.map(({ path }) => path) });
  else io.out(`wrote in ${home}:\n${files.map(({ path }) => `  ${path}\n`).join("")}`);
}

function findingLine(finding: Finding, io: Pick<CommandIo, "paint">): string {
  const level = finding.level === "error" ? io.paint("red", "error") : io.paint("yellow", "warning");
  return `${level}  ${plainText(formatFinding(finding))}`;
}

const checkCommand = defineCommand({
  name: "check",
  summary: "check tiersync.yaml and every rule file; each finding with its place",
  noTenant: "the files of the home folder are checked together",
  examples: ["rules check", "rules check --json"],
  run: (options, io) => rulesCheck(options, io),
});

const schemaCommand = defineCommand({
  name: "schema",
  summary: "write the JSON Schemas by which editors complete and check",
  noTenant: "the schemas are the same for every tenant",
  details: "Writes schemas/ in the home folder; replaces those of an older version.",
  examples: ["rules schema", "rules schema --home /srv/tiersync"],
  run: (options, io) => rulesSchema(options, io),
});

export const rulesCommand = defineCommand({
  name: "rules",
  summary: "check and test the rules, and write the schemas for editors",
  examples: ["rules check", "rules test"],
  subcommands: [checkCommand, rulesTestCommand, schemaCommand],
});
