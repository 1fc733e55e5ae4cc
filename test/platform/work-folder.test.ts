import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWorkFolder } from "../../src/platform/work-folder.ts";
import { atEnd } from "../support/clean-up.ts";

/** No process has it. */
const DEAD = 2 ** 22 - 3;
const NAME = `tiersync-test-work-${process.pid}`;

/** As a process of that id left it behind. */
function leave(pid: number | string, name = NAME): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-${pid}-`));
  mkdirSync(join(folder, "deep"));
  writeFileSync(join(folder, "deep", "copy.db"), "people");
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function make() {
  const folder = makeWorkFolder(NAME);
  atEnd(() => folder.remove());
  return folder;
}

test("a work folder is for its owner only, and goes when it is told to", () => {
  const { path, remove } = make();
  expect(existsSync(path)).toBe(true);
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o700);
  remove();
  expect(existsSync(path)).toBe(false);
});

test("what processes left behind that are gone goes with the next one, and nothing else", () => {
  const child = Bun.spawn([process.execPath, "-e", "setTimeout(() => {}, 60_000)"]);
  atEnd(() => {
    child.kill("SIGKILL");
    return child.exited;
  });
  const gone = [leave(DEAD), leave(process.pid)];
  const kept = [make().path, leave(child.pid), leave("x"), leave(DEAD, `${NAME}-other`)];
  make();
  expect([...gone, ...kept].map((path) => existsSync(path))).toEqual([false, false, true, true, true, true]);
});
