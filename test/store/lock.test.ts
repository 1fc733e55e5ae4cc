import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../src/store/lock.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe("the instance lock", () => {
  test("is held by one at a time and free again after release", () => {
    const file = join(tempFolder(), "data", "lock");
    const lock = takeLock(file);
    expect(() => takeLock(file)).toThrow(expect.objectContaining({ code: "ERR_LOCKED" }));
    lock.release();
    takeLock(file).release();
  });

  test("does not outlive a process that is killed", async () => {
    const file = join(tempFolder(), "lock");
    const module = join(import.meta.dir, "../../src/store/lock.ts");
    const holder = Bun.spawn(
      [
        process.execPath,
        "-e",
        `globalThis.kept = (await import(${JSON.stringify(module)})).takeLock(${JSON.stringify(file)}); console.log("held"); setInterval(() => {}, 1000);`,
      ],
      { stdout: "pipe", stderr: "inherit" },
    );
    const reader = holder.stdout.getReader();
    for (let said = ""; !said.includes("held"); ) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the holder ended: ${said}`);
      said += new TextDecoder().decode(value);
    }
    expect(() => takeLock(file)).toThrow(expect.objectContaining({ code: "ERR_LOCKED" }));
    holder.kill("SIGKILL");
    await holder.exited;
    takeLock(file).release();
  });

  test.if(process.platform !== "win32")(
    "is taken anew when its file was deleted, unless somebody else was there",
    () => {
      const file = join(tempFolder(), "lock");
      const lock = takeLock(file);
      lock.assertHeld();
      rmSync(file);
      lock.assertHeld();
      expect(() => takeLock(file)).toThrow(expect.objectContaining({ code: "ERR_LOCKED" }));
      rmSync(file);
      const other = takeLock(file);
      const replaced = expect.objectContaining({ code: "ERR_LOCKED", message: expect.stringContaining("replaced") });
      expect(() => lock.assertHeld()).toThrow(replaced);
      other.release();
      // What the other did is not known here.
      expect(() => lock.assertHeld()).toThrow(replaced);
      lock.release();
      takeLock(file).release();
    },
  );

  test("that cannot be taken for another reason is not told as a second instance", () => {
    const folder = tempFolder();
    const garbage = join(folder, "garbage");
    writeFileSync(garbage, "no database at all ".repeat(100));
    mkdirSync(join(folder, "a folder"));
    writeFileSync(join(folder, "a file"), "");
    for (const [file, hint] of [
      [garbage, "deleted"],
      [join(folder, "a folder"), "deleted"],
      [join(folder, "a file", "lock"), "write access"],
    ] as const) {
      expect(() => takeLock(file)).toThrow(
        expect.objectContaining({ code: "ERR_STORE", hint: expect.stringContaining(hint) }),
      );
    }
  });
});
