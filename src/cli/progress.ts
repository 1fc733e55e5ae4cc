/** Shows that long work goes on: a moving line at a terminal, one plain line per step elsewhere; always on stderr. */
import { plainText } from "../model/plain-text.ts";
import type { CommandIo } from "./io.ts";

export interface Step {
  readonly text: string;
  /** Whose step: it ends the one before of the same tenant. Default: the command's, which ends all and is ended by any. */
  readonly of?: string;
  /** How far it is. The same step with another count is no new one: a large tenant counts hundreds of times. */
  readonly count?: string;
}

export interface Progress {
  /** What is being done now. */
  step(step: string | Step): void;
  /** Ends all steps, with a line of its own. */
  done(text: string): void;
  /** Clears the moving line; nothing more is shown. */
  dispose(): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const CLEAR_LINE = "\r\u001b[2K";
const FRAME_MS = 80;
/** How often plain lines tell that a long step goes on. */
const LINE_EVERY_MS = 10_000;

/** `quiet`: says nothing at all. */
export function createProgress(io: CommandIo, quiet = false, now: () => number = Date.now): Progress {
  if (quiet) return { step() {}, done() {}, dispose() {} };
  return io.terminal.err && io.env["TERM"] !== "dumb" ? movingLine(io) : plainLines(io, now);
}

function asStep(step: string | Step): Step {
  return typeof step === "string" ? { text: step } : step;
}

function lineOf({ text, count }: Step): string {
  return plainText(count === undefined || count === "" ? text : `${text} (${count})`);
}

function plainLines(io: CommandIo, now: () => number): Progress {
  const line = (text: string): void => io.err(`${plainText(text)}\n`);
  const told = new Map<string, { readonly text: string; readonly at: number }>();
  return {
    step(given) {
      const step = asStep(given);
      const { text, of = "" } = step;
      const last = told.get(of);
      if (last?.text === text && now() - last.at < LINE_EVERY_MS) return;
      told.set(of, { text, at: now() });
      line(lineOf(step));
    },
    done: line,
    dispose() {},
  };
}

function movingLine(io: CommandIo): Progress {
  const open = new Map<string, Step>();
  let shown: string | null = null;
  let frame = 0;
  const draw = (): void => {
    if (shown === null) return;
    frame = (frame + 1) % FRAMES.length;
    io.err(`${CLEAR_LINE}${FRAMES[frame]} ${shown.slice(0, Math.max(10, io.terminal.columns - 3))}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const finish = (text: string): void => io.err(`${CLEAR_LINE}${io.paint("green", "✔")} ${text}\n`);
  const end = (of: string): void => {
    const step = open.get(of);
    if (step !== undefined) finish(lineOf(step));
    open.delete(of);
  };
  return {
    step(given) {
      const step = asStep(given);
      const of = step.of ?? "";
      for (const other of open.keys()) if (other !== of && (of === "" || other === "")) end(other);
      const before = open.get(of);
      if (before !== undefined && before.text !== step.text) finish(lineOf(before));
      open.set(of, step);
      shown = lineOf(step);
      if (before?.text !== step.text) draw();
    },
    done(text) {
      for (const of of open.keys()) end(of);
      shown = null;
      finish(plainText(text));
    },
    dispose() {
      clearInterval(timer);
      if (shown !== null) io.err(CLEAR_LINE);
      open.clear();
      shown = null;
    },
  };
}
