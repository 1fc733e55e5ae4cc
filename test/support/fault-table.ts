/** The table that the fault tests fill and print: one row for each step and fault, with what came of it. */
import { afterAll } from "bun:test";

export type FaultRow = readonly [step: string, fault: string, ...outcomes: string[]];

/** Rows in the order in which they are added, under these headings; printed when the tests of the file are done. */
export function faultTable(title: string, outcomes: readonly string[]): { add(...row: FaultRow): void } {
  const rows: FaultRow[] = [["step", "fault", ...outcomes]];
  afterAll(() => {
    const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    const lines = rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
    console.log([`\n${title}`, ...lines, ""].join("\n"));
  });
  return { add: (...row) => void rows.push(row) };
}
