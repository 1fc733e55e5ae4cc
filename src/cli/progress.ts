/** Shows that long work goes on: a moving line at a terminal, one plain line per step elsewhere; always on stderr. */
import { plainText } from "../model/plain-text.ts";
import type { CommandIo } from "./io.ts";

export interface Progress {
  /** What is being done now; ends the step before. */
  step(text: string): void;
  /** Ends the last step, with a line of its own. */
  done(text: string): void;
  /** Clears the moving line; nothing more is shown. */
  dispose(): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const CLEAR_LINE = "\r\u001b[2K";
const FRAME_MS = 80;

/** `quiet`: says nothing at all. */
export function createProgress(io: CommandIo, quiet = false): Progress {
  if (quiet) return { step() {}, done() {}, dispose() {} };
  return io.terminal.err ? movingLine(io) : plainLines(io);
}

function plainLines(io: CommandIo): Progress {
  const line = (text: string): void => io.err(`${plainText(text)}\n`);
  return { step: line, done: line, dispose() {} };
}

function movingLine(io: CommandIo): Progress {
  let current: string | null = null;
  let frame = 0;
  const draw = (): void => {
    if (current === null) return;
    frame = (frame + 1) % FRAMES.length;
    io.err(`${CLEAR_LINE}${FRAMES[frame]} ${current.slice(0, Math.max(10, io.terminal.columns - 3))}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const finish = (text: string | null): void => {
    if (text !== null) io.err(`${CLEAR_LINE}${io.paint("green", "✔")} ${text}\n`);
    current = null;
  };
  return {
    step(text) {
      finish(current);
      current = plainText(text);
      draw();
    },
    done(text) {
      finish(current);
      finish(plainText(text));
    },
    dispose() {
      clearInterval(timer);
      if (current !== null) io.err(CLEAR_LINE);
      current = null;
    },
  };
}
