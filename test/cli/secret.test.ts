import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { secretList, secretSet } from "../../src/cli/secret.ts";
import { resolveSecret } from "../../src/config/secrets.ts";
import { AgentError, EXIT } from "../../src/errors.ts";
import { readProtectedText } from "../../src/platform/protect.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { answering, captureIo } from "./captured-io.ts";

const piped = (text: string) => captureIo({ readStdin: async () => text });

/** As the agent reads it. */
function resolved(home: string, name: string): Promise<string> {
  const openSecret = (wanted: string) => readProtectedText(join(home, "keys", `${wanted}.secret`));
  return resolveSecret({ kind: "secret", name }, { home, env: {}, openSecret });
}

async function failure(promise: Promise<unknown>): Promise<AgentError> {
  const thrown = await promise.then(
    () => null,
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(AgentError);
  return thrown;
}

describe("secret set", () => {
  test.each(["\n", "\r\n", ""])("stores what is piped in, less the line end %p", async (end) => {
    const home = tempFolder();
    const value = crypto.randomUUID();
    const { io, stdout, stderr } = piped(`${value}${end}`);
    await secretSet({ home }, io, "smtp");
    expect(readProtectedText(join(home, "keys/smtp.secret"))).toBe(value);
    expect(await resolved(home, "smtp")).toBe(value);
    expect(stdout()).toContain("stored keys/smtp.secret");
    expect(stdout()).toContain("secret:smtp");
    expect(stdout() + stderr()).not.toContain(value);
  });

  test("says that it replaces, in text and in JSON", async () => {
    const home = tempFolder();
    const first = piped("first");
    await secretSet({ home, json: true }, first.io, "smtp");
    expect(first.json()).toEqual({ name: "smtp", replaced: false });
    const second = piped("second");
    await secretSet({ home, json: true }, second.io, "smtp");
    expect(second.json()).toEqual({ name: "smtp", replaced: true });
    const third = piped("third");
    await secretSet({ home }, third.io, "smtp");
    expect(third.stdout()).toContain("replaced keys/smtp.secret");
    expect(await resolved(home, "smtp")).toBe("third");
  });

  test("asks a person without showing, and tells the length before it stores", async () => {
    const home = tempFolder();
    const prompter = answering("pa55 wörd", "yes");
    const { io, stdout, stderr } = captureIo({ prompter });
    await secretSet({ home }, io, "smtp");
    expect(prompter.questions).toEqual(["Value of smtp (not shown)", "That was 9 characters. Store it?"]);
    expect(await resolved(home, "smtp")).toBe("pa55 wörd");
    expect(stdout() + stderr()).not.toContain("pa55");
  });

  test("stores nothing when the person says no", async () => {
    const home = tempFolder();
    const { io } = captureIo({ prompter: answering("cut", "no") });
    expect((await failure(secretSet({ home }, io, "smtp"))).code).toBe("ERR_STOPPED");
    expect(existsSync(join(home, "keys"))).toBe(false);
  });

  test.each([
    [" value ", "has spaces around it", "value"],
    ['"value"', "has quotes around it", '"value"'],
    ["one\ntwo", "has several lines", "one\ntwo"],
  ])("warns of %p and stores it all the same", async (text, warning, used) => {
    const home = tempFolder();
    const { io, stderr } = piped(`${text}\n`);
    await secretSet({ home }, io, "smtp");
    expect(stderr()).toContain(`warning: the value of smtp ${warning}`);
    expect(await resolved(home, "smtp")).toBe(used);
  });

  test.each([
    ["", "is empty"],
    ["\n", "is empty"],
    ["a\0b", "is no text"],
    ["a\ufffdb", "is no text"],
    ["x".repeat(65_537), "is too large"],
  ])("refuses a value that is none", async (text, reason) => {
    const home = tempFolder();
    await secretSet({ home }, piped("before").io, "smtp");
    const error = await failure(secretSet({ home }, piped(text).io, "smtp"));
    expect(error).toMatchObject({ code: "ERR_USAGE" });
    expect(error.message).toContain(reason);
    expect(await resolved(home, "smtp")).toBe("before");
  });

  test.each(["../smtp", "a b", "", "a/b", "-a", ".a", "x".repeat(65)])("refuses the name %p", async (name) => {
    const home = tempFolder();
    const { io } = piped("value");
    expect((await failure(secretSet({ home }, io, name))).code).toBe("ERR_USAGE");
    expect(readdirSync(home)).toEqual([]);
  });

  test.if(process.platform !== "win32")("keeps the value to its owner", async () => {
    const home = tempFolder();
    await secretSet({ home }, piped("value").io, "smtp");
    expect(statSync(join(home, "keys/smtp.secret")).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "keys")).mode & 0o777).toBe(0o700);
  });
});

describe("secret list", () => {
  test("names the secrets and nothing else", async () => {
    const home = tempFolder();
    await secretSet({ home }, piped("hidden").io, "b-hook");
    await secretSet({ home }, piped("hidden").io, "a_smtp");
    const text = captureIo();
    await secretList({ home }, text.io);
    expect(text.stdout()).toBe("secret:a_smtp\nsecret:b-hook\n");
    const document = captureIo();
    expect(await runProgram(["secret", "list", "--json", "--home", home], document.io)).toBe(EXIT.done);
    expect(document.json()).toEqual({ items: [{ name: "a_smtp" }, { name: "b-hook" }] });
  });

  test("says so when there is none", async () => {
    const { io, stdout } = captureIo();
    await secretList({ home: tempFolder() }, io);
    expect(stdout()).toContain("tiersync secret set NAME");
  });
});
