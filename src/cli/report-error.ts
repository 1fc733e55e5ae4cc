/** How a failure looks to the person or the script that started a command. */
import { CommanderError } from "@commander-js/extra-typings";
import { AgentError, type ExitCode, exitCodeOf, toAgentError } from "../errors.ts";
import type { CycleError } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import { redactText } from "../platform/redaction.ts";
import { type CommandIo, outJson } from "./io.ts";

export interface ReportOptions {
  /** One document `{"error": {code, message, hint}}` on stdout instead of text on stderr. */
  readonly json: boolean;
  /** Adds the stack of a fault of our own. */
  readonly verbose: boolean;
  /** The command that was typed, `holds approve`; empty: none. */
  readonly command?: string;
}

/** Tells the failure and gives the exit code it leads to. */
export function reportError(thrown: unknown, io: CommandIo, { json, verbose, command }: ReportOptions): ExitCode {
  const error = thrown instanceof CommanderError ? usageError(thrown, command) : toAgentError(thrown);
  const { message, hint } = errorView(error);
  if (json) outJson(io, { error: errorView(error) });
  else io.err(`${io.terminal.err ? io.paint("red", "error:") : "error:"} ${message} [${error.code}]\nhint: ${hint}\n`);
  if (verbose && error.code === "ERR_INTERNAL" && error.cause instanceof Error) {
    io.err(`${lines(error.cause.stack ?? "")}\n`);
  }
  return exitCodeOf(error);
}

/** As documents show it. */
export function errorView({ code, message, hint }: AgentError): CycleError {
  // A broken configuration lists its findings on lines of their own; elsewhere a line break is somebody else's text.
  const said = code === "ERR_CONFIG" ? lines(message) : plainText(redactText(message));
  return { code, message: said, hint: plainText(redactText(hint)) };
}

/** commander writes `error: unknown command 'snyc'\n(Did you mean sync?)`. */
function usageError(error: CommanderError, command = ""): AgentError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const meant = /\(Did you mean (.+)\?\)/.exec(rest.join(" "))?.[1];
  const help = `see \`tiersync ${command === "" ? "" : `${command} `}--help\``;
  return new AgentError("ERR_USAGE", first, { hint: meant === undefined ? help : `did you mean ${meant}?` });
}

function lines(text: string): string {
  return redactText(text).split("\n").map(plainText).join("\n");
}
