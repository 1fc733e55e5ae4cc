import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_CODES } from "../src/errors.ts";

const readme = readFileSync(join(import.meta.dir, "..", "README.md"), "utf8");

function section(title: string): string {
  const [, rest = ""] = readme.split(`\n## ${title}\n`);
  return rest.split("\n## ")[0] ?? "";
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

test("the README's table lists every error code with its meaning and remedy, and no other", () => {
  const rows = section("Error codes")
    .split("\n")
    .filter((line) => line.startsWith("| `ERR_"));
  const expected = Object.entries(ERROR_CODES).map(
    ([code, { meaning, remedy }]) => `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} |`,
  );
  expect(rows).toEqual(expected);
});
