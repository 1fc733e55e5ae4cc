/** What a command may touch of the world, so that tests can call commands without a process. */
import process from "node:process";
import { styleText } from "node:util";
import { AgentError } from "../errors.ts";
import { currentRuntime, type Runtime } from "../platform/runtime.ts";
import type { Prompter } from "./prompt.ts";

export type Style = Parameters<typeof styleText>[0];

export interface CommandIo {
  /** Results, as they are; the caller ends lines. */
  out(text: string): void;
  /** Progress, remarks and errors. */
  err(text: string): void;
  /** All of standard input as text. Throws `ERR_USAGE` at a terminal: what is typed there would show. */
  readStdin(): Promise<string>;
  /** Asks a person; null when nobody is at a terminal. */
  readonly prompter: Prompter | null;
  readonly terminal: { readonly out: boolean; readonly err: boolean; readonly columns: number };
  /** Coloured where standard output is a terminal that shows colours, else unchanged. */
  paint(style: Style, text: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly runtime: Runtime;
}

/** The real one. */
export function processIo(prompter: Prompter): CommandIo {
  const { stdin, stdout, stderr, env } = process;
  // A reader that goes away (`| head`) is no failure of ours.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
  const terminal = { out: stdout.isTTY === true, err: stderr.isTTY === true, columns: stdout.columns ?? 80 };
  const colours = terminal.out && showsColours(env);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    readStdin: async () => {
      if (stdin.isTTY === true) throw new AgentError("ERR_USAGE", "nothing is piped into standard input");
      return await readAll(stdin);
    },
    prompter: stdin.isTTY === true && terminal.out ? prompter : null,
    terminal,
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    env,
    cwd: process.cwd(),
    runtime: currentRuntime(),
  };
}

/** NO_COLOR (any value that is not empty) and dumb terminals: none. */
export function showsColours(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** One JSON document, readable. */
export function outJson(io: Pick<CommandIo, "out">, document: unknown): void {
  io.out(`${JSON.stringify(document, null, 2)}\n`);
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
