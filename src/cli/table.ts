/** Aligned columns for people to read. */
import Table from "cli-table3";
import { plainText } from "../model/plain-text.ts";
import type { CommandIo } from "./io.ts";

export type Cell = string | number | null;

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const NO_BORDER = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Text with one line per row, ending in a line break; null is shown as `-`. Every cell is made safe for a terminal. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: CommandIo["paint"] = (_, text) => text,
): string {
  const table = new Table({
    head: columns.map(({ title }) => paint("bold", title)),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: NO_BORDER,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null ? "-" : plainText(String(cell)))));
  return `${table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}
