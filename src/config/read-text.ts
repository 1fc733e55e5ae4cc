/** Files that people edit, on Windows too: UTF-8 with or without BOM, and the UTF-16 that Notepad and PowerShell write. */
import { readFileSync, statSync } from "node:fs";
import type { Finding } from "../model/finding.ts";
import type { SourceFile } from "../rules/types.ts";

/** The text without its BOM; null when it is neither UTF-8 nor UTF-16 with a BOM. */
export function decodeText(bytes: Uint8Array): string | null {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const LARGEST = 4_194_304;

/** Reads `path` (absolute), to be called `name` in findings; `hint` is what to do when there is no such file. */
export function readSourceFile(
  path: string,
  name: string,
  hint = "",
): { file: SourceFile | null; findings: readonly Finding[] } {
  const fault = (message: string) => ({
    file: null,
    findings: [{ level: "error" as const, file: name, line: 0, column: 0, path: "", message }],
  });
  let bytes: Uint8Array;
  try {
    // Whoever opens a pipe waits for somebody to write into it.
    if (!statSync(path).isFile()) return fault("is no file");
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code ?? "it failed";
    return fault(code === "ENOENT" ? `does not exist${hint}` : `cannot be read (${code})`);
  }
  if (bytes.length > LARGEST) return fault("is larger than 4 MB");
  const text = decodeText(bytes);
  return text === null ? fault("is not text in UTF-8: save it as UTF-8") : { file: { path: name, text }, findings: [] };
}
