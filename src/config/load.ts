/** Reads the files of a home folder. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../model/finding.ts";
import type { Parsed, SourceFile } from "../rules/types.ts";
import { type Home, type HomeFiles, parseConfig, parseHome } from "./parse.ts";
import { CONFIG_FILE } from "./paths.ts";
import { readSourceFile } from "./read-text.ts";
import type { AgentConfig } from "./types.ts";

const RULES_FOLDER = "rules";

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
    const { code = "it failed" } = error as { code?: string };
    const why =
      code === "ENOENT" ? `does not exist in ${home}; \`tiersync init\` writes one` : `cannot be read (${code})`;
    return { files: [], findings: [folderFinding("error", why)] };
  }
  if (names.length === 0) {
    const what = "has no rule files: nobody is managed; `tiersync init` writes one";
    return { files: [], findings: [folderFinding("warning", what)] };
  }
  const read = names.map((name) => readSourceFile(join(folder, name), `${RULES_FOLDER}/${name}`));
  return { files: read.flatMap(({ file }) => file ?? []), findings: read.flatMap(({ findings }) => findings) };
}

/**
 * No files in it means that nobody is managed any more: places in the queue and purge times are lost. A folder that is away for a moment, or
 * cannot be read, says no such thing.
 */
function folderFinding(level: Finding["level"], message: string): Finding {
  return { level, file: RULES_FOLDER, line: 0, column: 0, path: "", message };
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
