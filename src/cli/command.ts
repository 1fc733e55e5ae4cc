/**
 * How a command is declared. One file per command exports its function, which tests call with options and an io, and a
 * `defineCommand({…})` that `program.ts` lists. Heavy rooms (the agent) are imported inside the function, so that
 * `tiersync --help` stays quick.
 */
import type { Command, CommandUnknownOpts, OptionValues } from "@commander-js/extra-typings";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import type { CommandIo } from "./io.ts";

/** Options that every command takes; `tenant` unless its `noTenant` says why not. */
export interface GlobalOptions {
  readonly home?: string;
  readonly tenant?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

type OptionsOf<C> = C extends { optsWithGlobals(): infer O } ? O : OptionValues;
type ParametersOf<C> = C extends { readonly processedArgs: infer A extends unknown[] } ? A : [];

/** `C`: the commander command that `configure` makes, by which the types of options and arguments are known. */
export interface CommandSpec<C> {
  readonly name: string;
  /** One line for the list of commands; no full stop. */
  readonly summary: string;
  /** Why `--tenant` would mean nothing here, as the end of a sentence: it is refused then, rather than ignored. */
  readonly noTenant?: string;
  /** Further sentences for the command's own help, which breaks the lines; an empty line between paragraphs. */
  readonly details?: string;
  /** Command lines without the program's name; each `--help` shows them. */
  readonly examples: readonly [string, ...string[]];
  /** Adds arguments and options. */
  readonly configure?: (command: Command) => C;
  /**
   * Absent: the command only groups its subcommands. Nothing returned: exit code 0. Write it as an arrow function: TypeScript
   * knows the types of options and arguments then.
   */
  readonly run?: (
    options: OptionsOf<C> & GlobalOptions,
    io: CommandIo,
    ...parameters: ParametersOf<C>
  ) => Promise<ExitCode | undefined>;
  readonly subcommands?: readonly CommandEntry[];
}

/** A declared command, whatever its options. */
export interface CommandEntry {
  readonly name: string;
  attach(parent: Pick<Command, "command">, io: CommandIo, finished: (code: ExitCode) => void): void;
}

export function defineCommand<C = Command>(spec: CommandSpec<C>): CommandEntry {
  return {
    name: spec.name,
    attach(parent, io, finished) {
      const bare = parent.command(spec.name).summary(spec.summary).description(description(spec));
      bare.addHelpText("after", `\nExamples:\n${spec.examples.map((line) => `  $ tiersync ${line}`).join("\n")}\n`);
      for (const child of spec.subcommands ?? []) child.attach(bare, io, finished);
      const command = spec.configure === undefined ? bare : (spec.configure(bare) as unknown as Command);
      const { run } = spec;
      if (run === undefined) return;
      command.action(async () => {
        const options = command.optsWithGlobals() as unknown as OptionsOf<C> & GlobalOptions;
        if (spec.noTenant !== undefined && options.tenant !== undefined) {
          throw new AgentError("ERR_USAGE", `\`${pathOf(command)}\` takes no --tenant: ${spec.noTenant}`, {
            hint: "leave --tenant out",
          });
        }
        const parameters = command.processedArgs as unknown as ParametersOf<C>;
        finished((await run(options, io, ...parameters)) ?? EXIT.done);
      });
    },
  };
}

function description({ summary, details }: { readonly summary: string; readonly details?: string }): string {
  return details === undefined ? summary : `${summary}\n\n${details}`;
}

/** As it is typed: `tiersync cert show`. */
function pathOf(command: Pick<CommandUnknownOpts, "name" | "parent">): string {
  const above = command.parent === null ? "" : `${pathOf(command.parent)} `;
  return `${above}${command.name()}`;
}
