import { expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { currentRuntime, isCompiled } from "../../src/platform/runtime.ts";

test.each([
  ["file:///$bunfs/root/tiersync", true],
  ["file:///B:/~BUN/root/tiersync.exe", true],
  ["file:///B:/%7EBUN/root/tiersync.exe", true],
  ["file:///home/agent/src/platform/runtime.ts", false],
  ["file:///C:/bun/root/runtime.ts", false],
])("a module at %s is inside an executable: %p", (url, expected) => {
  expect(isCompiled(url)).toBe(expected);
});

test("run from source there is no executable's folder to call home", () => {
  const runtime = currentRuntime();
  expect(runtime).toMatchObject({ name: "bun", compiled: false, executableFolder: null, version: Bun.version });
  expect(packageJson.version).toMatch(/^\d+\.\d+\.\d+$/);
});
