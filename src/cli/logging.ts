/** The log of one command: the file in logs/, and on stderr what the person or the service manager should see at once. */
import type { AgentConfig } from "../config/types.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import type { EventLog } from "../platform/event-log.ts";
import { createLogging, type Level, type Logging } from "../platform/logging.ts";
import type { GlobalOptions } from "./command.ts";
import type { CommandIo } from "./io.ts";

/** `--verbose` shows requests, `--quiet` errors only. Null configuration: nothing goes to a file. */
export function commandLogging(
  home: string,
  config: Pick<AgentConfig, "log"> | null,
  options: GlobalOptions,
  io: CommandIo,
  events: EventLog | null = null,
): Logging {
  const { level, maxSize, maxFiles } = config?.log ?? { level: "info", maxSize: 0, maxFiles: 1 };
  return createLogging({
    home: config === null ? null : home,
    level: options.verbose ? "debug" : level,
    maxSize,
    maxFiles,
    stderr: io.terminal.err ? "human" : "json",
    stderrLevel: stderrLevel(options),
    events,
    writeStderr: (text) => io.err(text),
  });
}

/** What the files of the home say that stops nothing, such as a secret in plain text. */
export function logWarnings(logging: Logging, warnings: readonly Finding[]): void {
  const log = logging.logger("config");
  for (const warning of warnings) log.warn("{finding}", { finding: formatFinding(warning) });
}

function stderrLevel({ verbose, quiet }: GlobalOptions): Level {
  if (verbose) return "debug";
  return quiet ? "error" : "warn";
}
