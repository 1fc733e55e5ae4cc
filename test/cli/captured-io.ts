/** A command's io that keeps what was written, in place of a process. */
import type { CommandIo } from "../../src/cli/io.ts";
import type { Prompter } from "../../src/cli/prompt.ts";

export interface Captured {
  readonly io: CommandIo;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The one JSON document on stdout. */
  readonly json: () => Record<string, unknown>;
}

export function captureIo(overrides: Partial<CommandIo> = {}): Captured {
  let stdout = "";
  let stderr = "";
  const io: CommandIo = {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    readStdin: async () => "",
    prompter: null,
    terminal: { out: false, err: false, columns: 100 },
    paint: (_, text) => text,
    env: {},
    cwd: "/nowhere",
    runtime: {
      name: "bun",
      version: "1.4.5",
      platform: "linux-x64",
      compiled: false,
      executableFolder: null,
      argv: [],
    },
    ...overrides,
  };
  return { io, stdout: () => stdout, stderr: () => stderr, json: () => JSON.parse(stdout) };
}

/** Answers questions in the order in which they are asked; fails on one too many. */
export function answering(...answers: readonly string[]): Prompter & { readonly questions: readonly string[] } {
  const rest = [...answers];
  const questions: string[] = [];
  const next = async (question: string): Promise<string> => {
    questions.push(question);
    const answer = rest.shift();
    if (answer === undefined) throw new Error(`no answer prepared for: ${question}`);
    return answer;
  };
  return {
    questions,
    text: next,
    secret: next,
    select: next,
    confirm: async (question) => (await next(question)) === "yes",
  };
}
