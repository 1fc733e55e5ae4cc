/** Order and making of findings. */
import type { Finding } from "../model/finding.ts";
import type { Position } from "./types.ts";

/** By file, then as one reads it. */
export function compareFindings(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

export function errorAt(at: Position, message: string): Finding {
  return { level: "error", file: at.file, line: at.line, column: at.column, path: at.path, message };
}

export function warningAt(at: Position, message: string): Finding {
  return { level: "warning", file: at.file, line: at.line, column: at.column, path: at.path, message };
}
