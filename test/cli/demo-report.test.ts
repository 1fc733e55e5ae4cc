import { expect, test } from "bun:test";
import { runProgram } from "../../src/cli/program.ts";
import { captureIo } from "./captured-io.ts";

test("the curl lines of the demo can be pasted into any shell: an address with a ? is quoted", async () => {
  const { io, stdout } = captureIo();
  expect(await runProgram(["demo", "--once", "--port", "0"], io)).toBe(0);
  const lines = stdout().match(/^ {2}curl .*/gm) ?? [];
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(line.replaceAll(/"[^"]*"/g, "")).not.toMatch(/[?*&]/);
});
