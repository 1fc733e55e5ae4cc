/** The command tree: what can be typed, its help, and how an outcome becomes an exit code. */
import { Command, CommanderError } from "@commander-js/extra-typings";
import { EXIT, type ExitCode } from "../errors.ts";
import { VERSION } from "../platform/runtime.ts";
import { accountsCommand } from "./accounts.ts";
import { backupCommand } from "./backup.ts";
import { certCommand } from "./cert.ts";
import { checkCommand } from "./check.ts";
import type { CommandEntry } from "./command.ts";
import { demoCommand } from "./demo.ts";
import { entraSetupCommand } from "./entra-setup.ts";
import { explainCommand } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { holdsCommand } from "./holds.ts";
import { initCommand } from "./init.ts";
import type { CommandIo } from "./io.ts";
import { planCommand } from "./plan.ts";
import { reportError } from "./report-error.ts";
import { rulesCommand } from "./rules.ts";
import { runCommand } from "./run.ts";
import { secretCommand } from "./secret.ts";
import { serviceCommand } from "./service.ts";
import { statusCommand } from "./status.ts";
import { syncCommand } from "./sync.ts";
import { versionCommand } from "./version.ts";

/** In the order in which help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  initCommand,
  demoCommand,
  checkCommand,
  planCommand,
  syncCommand,
  runCommand,
  statusCommand,
  explainCommand,
  holdsCommand,
  accountsCommand,
  backupCommand,
  rulesCommand,
  certCommand,
  secretCommand,
  entraSetupCommand,
  serviceCommand,
  exportCommand,
  versionCommand,
];

const EXIT_CODES = `
Exit codes:
  0  done
  1  a cycle or a check failed
  2  wrong usage, configuration or rules
  3  this cycle held something that needs approval
  4  another instance is at work on this home and cannot be asked
`;

/** Runs one command line (without the program's name). Never throws: every failure is told and becomes an exit code. */
export async function runProgram(argv: readonly string[], io: CommandIo): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = buildProgram(io, (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.done; // --help, --version
    const json = argv.includes("--json");
    const { path, next } = commandIn(program, argv);
    let failure = thrown;
    if (thrown instanceof CommanderError && thrown.code === "commander.help") {
      if (!json && next === null) return EXIT.usage; // help was shown
      failure = new CommanderError(2, "", next === null ? "a command is missing" : `unknown command '${next}'`);
    }
    return reportError(failure, io, { json, verbose: argv.includes("--verbose"), command: path });
  }
}

/** Which command was meant, `holds approve`; and the first word after it that is no command: null when there is none. */
function commandIn(
  program: Pick<Command, "commands" | "options">,
  argv: readonly string[],
): { path: string; next: string | null } {
  let command: Pick<Command, "commands"> = program;
  const path: string[] = [];
  const takesValue = program.options.filter(({ required }) => required).map(({ long }) => long);
  const words = argv.filter((word, at) => !word.startsWith("-") && !takesValue.includes(argv[at - 1]));
  for (const word of words.filter((one) => one !== "help")) {
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) return { path: path.join(" "), next: word };
    command = child;
    path.push(word);
  }
  return { path: path.join(" "), next: null };
}

export function buildProgram(
  io: CommandIo,
  finished: (code: ExitCode) => void,
  commands: readonly CommandEntry[] = COMMANDS,
): Command {
  const program = new Command("tiersync")
    .description("Makes each person's licence tier follow their Microsoft Entra groups.")
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError() {}, // `reportError` tells it
      getOutHelpWidth: () => io.terminal.columns,
      getErrHelpWidth: () => io.terminal.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
    .exitOverride()
    .option("--home <dir>", "home folder (else TIERSYNC_HOME, else the executable's or the current folder)")
    .option("--tenant <name>", "only this tenant of tiersync.yaml")
    .option("--json", "one JSON document on standard output")
    .option("--quiet", "results and errors only")
    .option("--verbose", "also what is done on the way")
    .version(VERSION, "-V, --version", "print the version")
    .helpCommand("help [command]", "help for a command")
    .addHelpText("after", `${EXIT_CODES}\nExamples:\n  $ tiersync init\n  $ tiersync cert new --help\n`);
  for (const command of commands) command.attach(program as unknown as Command, io, finished);
  return program as unknown as Command;
}
