/** Reads the files of a home folder. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../model/finding.ts";
import type { Parsed, SourceFile } from "../rules/types.ts";
import { type Home, type HomeFiles, parseConfig, parseHome } from "./parse.ts";
import { readSourceFile } from "./read-text.ts";
import type { AgentConfig } from "./types.ts";

export const CONFIG_FILE = "tiersync.yaml";
export const RULES_FOLDER = "rules";

/** tiersync.yaml of `home` (absolute). */
export function loadConfig(home: string): Parsed<AgentConfig> {
  const { file, findings } = readConfigFile(home);
  return file === null ? { value: null, findings } : parseConfig(file, home);
}

/** rules/*.yaml and *.yml, top folder only, by name. Hidden files (editors' own) do not count. */
export function loadRules(home: string): {
  readonly files: readonly SourceFile[];
  readonly findings: readonly Finding[];
} {
  const folder = join(home, RULES_FOLDER);
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/i.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    const { code } = error as { code?: string };
    return { files: [], findings: [folderFinding(code === "ENOENT" ? null : (code ?? "it failed"))] };
  }
  if (names.length === 0) return { files: [], findings: [folderFinding(null)] };
  const read = names.map((name) => readSourceFile(join(folder, name), `${RULES_FOLDER}/${name}`));
  return { files: read.flatMap(({ file }) => file ?? []), findings: read.flatMap(({ findings }) => findings) };
}

/** No rules means that nobody is managed, which takes nothing from anybody; a folder that cannot be read is no such thing. */
function folderFinding(code: string | null): Finding {
  const place = { file: RULES_FOLDER, line: 0, column: 0, path: "" };
  if (code !== null) return { level: "error", ...place, message: `cannot be read (${code})` };
  return { level: "warning", ...place, message: "has no rule files: nobody is managed; `tiersync init` writes one" };
}

/** The texts as they are now. */
export function readHome(home: string): HomeFiles {
  const config = readConfigFile(home);
  const rules = loadRules(home);
  return { config: config.file, rules: rules.files, findings: [...config.findings, ...rules.findings] };
}

/** Configuration and rules of `home`, with every finding. */
export function loadHome(home: string): Home & { readonly files: HomeFiles } {
  const files = readHome(home);
  return { ...parseHome(files, home), files };
}

function readConfigFile(home: string) {
  return readSourceFile(join(home, CONFIG_FILE), CONFIG_FILE, ` in ${home}; \`tiersync init\` writes one`);
}
