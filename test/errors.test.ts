import { expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AgentError, exitCodeOf, toAgentError } from "../src/errors.ts";
import { writeFileAtomic } from "../src/platform/atomic-file.ts";
import { tempFolder } from "./support/temp-folder.ts";

const osError = (code: string, path?: string) =>
  Object.assign(new Error(`${code}: refused, open '/home/x.tmp'`), { code, ...(path === undefined ? {} : { path }) });

test.each(["EACCES", "EROFS", "ENOSPC", "EBUSY"])("%s of a file is the operating system's doing, not ours", (code) => {
  const error = toAgentError(osError(code, "/srv/tiersync/data"));
  expect(error.code).toBe("ERR_PLATFORM");
  expect(error.message).toBe(`/srv/tiersync/data cannot be used (${code})`);
  expect(error.hint.length).toBeGreaterThan(10);
  expect(exitCodeOf(error)).toBe(1);
});

test.each([
  osError("EACCES"), // no file: a port, for instance
  osError("ENOENT", "/x"),
  new TypeError("x is not a function"),
  "text",
])("a fault of ours stays one: %p", (thrown) => {
  const error = toAgentError(thrown);
  expect(error.code).toBe("ERR_INTERNAL");
  expect(error.cause).toBe(thrown);
});

test("an error that is told already stays as it is", () => {
  const told = new AgentError("ERR_TOKEN", "no token");
  expect(toAgentError(told)).toBe(told);
});

test("a file that cannot be written is named by its own name, not by that of the attempt", () => {
  const folder = join(tempFolder(), "gone");
  mkdirSync(folder);
  rmSync(folder, { recursive: true });
  const path = join(folder, "tiersync.yaml");
  expect(() => writeFileAtomic(path, "")).toThrow(expect.objectContaining({ path, code: "ENOENT" }));
});
