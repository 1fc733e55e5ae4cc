import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { formatSecretRef, parseSecretRef, resolveSecret, type SecretRef } from "../../src/config/secrets.ts";
import { AgentError } from "../../src/errors.ts";

const home = mkdtempSync(join(tmpdir(), "tiersync-secrets-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("a reference", () => {
  test.each<[string, SecretRef | null]>([
    ["env:NAME", { kind: "env", name: "NAME" }],
    ["ENV: NAME ", { kind: "env", name: "NAME" }],
    ["file:keys\\smtp.txt", { kind: "file", path: "keys\\smtp.txt" }],
    ["secret:smtp-password", { kind: "secret", name: "smtp-password" }],
    ["correct horse", { kind: "plain", value: "correct horse" }],
    ["https://not.a.reference", { kind: "plain", value: "https://not.a.reference" }],
    ["env:", null],
    ["env:A B", null],
    ["file: ", null],
    ["secret:../../etc/passwd", null],
    ["secret:a.b", null],
    ["", null],
  ])("%p", (text, expected) => {
    expect(parseSecretRef(text)).toEqual(expected);
  });

  test("is shown as it is written, and a plain secret not at all", () => {
    expect(formatSecretRef({ kind: "file", path: "a b" })).toBe("file:a b");
    expect(formatSecretRef({ kind: "plain", value: "hunter2" })).not.toContain("hunter2");
  });
});

describe("a secret", () => {
  const resolve = async (ref: SecretRef, env: Record<string, string> = {}) => {
    const warnings: string[] = [];
    const openSecret = (name: string) => {
      if (name === "there") return "opened\n";
      if (name === "never") throw new AgentError("ERR_SECRET", "no such file", { facts: { errno: "ENOENT" } });
      if (name === "foreign") throw new AgentError("ERR_SECRET", "made on another machine");
      throw Object.assign(new Error("ENOENT: /srv/hunter2"), { code: "ENOENT" });
    };
    const value = await resolveSecret(ref, { home, env, openSecret, warn: (message) => warnings.push(message) });
    return { value, warnings };
  };
  const file = (content: string | Uint8Array) => {
    writeFileSync(join(home, "s.txt"), content);
    return resolve({ kind: "file", path: ".\\s.txt" });
  };

  test.each<[string, string | Uint8Array]>([
    ["as it is", "p@ss word"],
    ["with a newline at the end", "p@ss word\n"],
    ["with BOM and CRLF", "\ufeffp@ss word\r\n\r\n"],
    ["as PowerShell writes it", new Uint8Array([0xff, 0xfe, ...Buffer.from("p@ss word\r\n", "utf16le")])],
  ])("is read from a file %s", async (_how, content) => {
    expect(await file(content)).toEqual({ value: "p@ss word", warnings: [] });
  });

  test("that was never set says how to set it", async () => {
    const thrown = await resolve({ kind: "secret", name: "never" }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: "ERR_SECRET",
      message: "secret:never was never set here",
      hint: expect.stringContaining("tiersync secret set never"),
    });
  });

  test("loses spaces around it, with a warning that does not show it", async () => {
    const { value, warnings } = await file(" hunter2 \n");
    expect([value, warnings]).toEqual(["hunter2", ["file:.\\s.txt has spaces around it; they are left out"]]);
  });

  test("keeps quotes around it, with a warning that does not show it", async () => {
    const { value, warnings } = await resolve({ kind: "env", name: "X" }, { X: '"hunter2"' });
    expect([value, warnings]).toEqual(['"hunter2"', ["env:X has quotes around it; they are taken as part of it"]]);
  });

  test("comes from the environment, from what `secret set` keeps, or from the file itself", async () => {
    expect((await resolve({ kind: "env", name: "X" }, { X: "v" })).value).toBe("v");
    expect((await resolve({ kind: "secret", name: "there" })).value).toBe("opened");
    expect((await resolve({ kind: "plain", value: "plain" })).value).toBe("plain");
  });

  test.each<[string, SecretRef, string]>([
    ["a variable that is not set", { kind: "env", name: "NOPE" }, "env:NOPE is not set in the agent's environment"],
    [
      "a file that is not there",
      { kind: "file", path: "nope" },
      `file:nope cannot be read (${join(home, "nope")}: there is no such file)`,
    ],
    [
      "a secret that was never set",
      { kind: "secret", name: "nope" },
      "secret:nope cannot be opened (there is no such file); set it: tiersync secret set nope",
    ],
    ["a secret that cannot be opened here", { kind: "secret", name: "foreign" }, "made on another machine"],
  ])("%s is ERR_SECRET that names the reference", async (_what, ref, message) => {
    const error = await resolve(ref).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ code: "ERR_SECRET", message });
  });

  test("must not be empty, nor anything but text", async () => {
    await expect(file(" \n")).rejects.toMatchObject({ code: "ERR_SECRET", message: "file:.\\s.txt is empty" });
    await expect(file(new Uint8Array([0xc3, 0x28]))).rejects.toMatchObject({ code: "ERR_SECRET" });
    await expect(file("x".repeat(70_000))).rejects.toMatchObject({ code: "ERR_SECRET" });
  });

  test.skipIf(process.platform === "win32")("in keys/ must be the agent's alone", async () => {
    mkdirSync(join(home, "keys"), { recursive: true });
    const path = join(home, "keys", "scim.txt");
    writeFileSync(path, "hunter2");
    chmodSync(path, 0o644);
    const kept = () => resolve({ kind: "file", path: "keys/scim.txt" });
    await expect(kept()).rejects.toMatchObject({ code: "ERR_SECRET", hint: `chmod 600 '${path}'` });
    chmodSync(path, 0o600);
    expect((await kept()).value).toBe("hunter2");
  });
});
