/** The failure of a home folder whose files cannot be gone by. */
import { AgentError } from "../errors.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import { plainText } from "../model/plain-text.ts";
import { CONFIG_FILE } from "./paths.ts";

/** `ERR_CONFIG`, whose message lists every error on a line of its own; `also`: a last line. */
export function brokenHome(findings: readonly Finding[], also?: string): AgentError {
  const errors = findings.filter(({ level }) => level === "error");
  const fresh = errors.some(({ file, line }) => file === CONFIG_FILE && line === 0);
  const lines = errors.map((finding) => plainText(formatFinding(finding)));
  return new AgentError("ERR_CONFIG", [...lines, ...(also === undefined ? [] : [also])].join("\n"), {
    ...(fresh ? { hint: "name the home folder with --home, or write the first files with `tiersync init`" } : {}),
    facts: { errors: errors.length },
  });
}
