import { beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { AgentError } from "../../src/errors.ts";
import { writeFileAtomic } from "../../src/platform/atomic-file.ts";
import { readProtected, readProtectedText, writeProtected } from "../../src/platform/protect.ts";
import { fromSealed, isSealed, toSealed } from "../../src/platform/sealed-text.ts";
import { tempFolder } from "../support/temp-folder.ts";

let folder: string;
beforeEach(() => {
  folder = tempFolder();
});

function failure(act: () => unknown): AgentError {
  try {
    act();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const posix = process.platform !== "win32";

test("what is protected reads back and leaves no temporary file", () => {
  const path = join(folder, "keys", "contoso.pem");
  writeProtected(path, "first");
  writeProtected(path, "second");
  expect(readProtectedText(path)).toBe("second");
  expect(readdirSync(join(folder, "keys"))).toEqual(["contoso.pem"]);
});

test.if(posix)("a protected file is the owner's only, and so is its folder, even one that was open", () => {
  const keys = join(folder, "keys");
  mkdirSync(keys, { mode: 0o755 });
  writeProtected(join(keys, "a"), "x");
  expect(statSync(join(keys, "a")).mode & 0o777).toBe(0o600);
  expect(statSync(keys).mode & 0o777).toBe(0o700);
});

test.if(posix)("a key that others can read is refused with the command that mends it", () => {
  const path = join(folder, "open.pem");
  writeFileSync(path, "x");
  chmodSync(path, 0o640);
  const error = failure(() => readProtected(path));
  expect(error.code).toBe("ERR_SECRET");
  expect(error.message).toContain("mode 640");
  expect(error.hint).toBe(`chmod 600 '${path}'`);
});

test("a missing key says so by its path", () => {
  const path = join(folder, "none.pem");
  const { message, hint } = failure(() => readProtected(path));
  expect(message).toBe(`${path} does not exist`);
  expect(hint).toContain("`tiersync cert new none`");
});

test("an exclusive write leaves an existing file as it was", () => {
  const path = join(folder, "keys", "contoso.pem");
  writeProtected(path, "kept");
  expect(failure(() => writeProtected(path, "lost", { exclusive: true })).code).toBe("ERR_EXISTS");
  expect(readFileSync(path, "utf8")).toBe("kept");
});

test("an atomic write replaces bytes whole", () => {
  const path = join(folder, "data.bin");
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  writeFileAtomic(path, "a much longer text than nothing");
  writeFileAtomic(path, bytes);
  expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
});

test.if(posix)("a file that a Windows machine protected says that only that one can read it", () => {
  const path = join(folder, "keys", "contoso.pem");
  writeProtected(path, toSealed(new Uint8Array([1, 2, 3])));
  const error = failure(() => readProtected(path));
  expect(error.code).toBe("ERR_SECRET");
  expect(error.message).toContain("protected by a Windows machine");
});

test("protected bytes come back from their text, also after an editor added a BOM and CRLF", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      const edited = new TextEncoder().encode(`\uFEFF${toSealed(bytes).replaceAll("\n", "\r\n")}`);
      expect(isSealed(edited)).toBe(true);
      expect(new Uint8Array(fromSealed(edited))).toEqual(bytes);
    }),
  );
});

test("a PEM does not look protected", () => {
  expect(isSealed(new TextEncoder().encode("-----BEGIN PRIVATE KEY-----\nMII="))).toBe(false);
});

test.if(posix && process.getuid?.() === 0)(
  "what root writes into another account's folder belongs to that account",
  () => {
    const keys = join(folder, "keys");
    mkdirSync(keys, { mode: 0o700 });
    chownSync(keys, 12345, 12346);
    writeProtected(join(keys, "a"), "x");
    expect(statSync(join(keys, "a"))).toMatchObject({ uid: 12345, gid: 12346 });
  },
);
