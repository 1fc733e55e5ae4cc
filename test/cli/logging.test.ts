import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLogging } from "../../src/cli/logging.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { captureIo } from "./captured-io.ts";

test.each([
  ["warnings and errors", {}, ["warn", "error"]],
  ["errors only, under --quiet", { quiet: true }, ["error"]],
  ["everything, under --verbose", { verbose: true }, ["debug", "info", "warn", "error"]],
])("stderr shows %s", (_, options, shown) => {
  const home = tempFolder();
  const { io, stderr } = captureIo();
  const logging = commandLogging(home, { log: { level: "info", maxSize: 1e6, maxFiles: 2 } }, options, io);
  const log = logging.logger("cycle");
  for (const level of ["debug", "info", "warn", "error"] as const) log[level](level);
  logging.dispose();
  const lines = stderr().trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(shown);
  expect(readFileSync(join(home, "logs/tiersync.log"), "utf8")).toContain('"message":"info"');
});

test("without a good configuration nothing is written into the folder", () => {
  const home = tempFolder();
  const { io, stderr } = captureIo({ terminal: { out: true, err: true, columns: 80 } });
  const logging = commandLogging(home, null, {}, io);
  logging.logger("config").error("broken");
  logging.dispose();
  expect(stderr()).toMatch(/ error config: broken\n$/);
  expect(existsSync(join(home, "logs"))).toBe(false);
});
