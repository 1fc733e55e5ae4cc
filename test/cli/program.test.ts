import { describe, expect, test } from "bun:test";
import type { Command } from "@commander-js/extra-typings";
import { defineCommand } from "../../src/cli/command.ts";
import { buildProgram, runProgram } from "../../src/cli/program.ts";
import { reportError } from "../../src/cli/report-error.ts";
import { AgentError, type ErrorCode, EXIT } from "../../src/errors.ts";
import { captureIo } from "./captured-io.ts";

function everyCommand(command: Pick<Command, "commands" | "name">, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    return [own, ...everyCommand(child as unknown as Command, own)];
  });
}

const COMMAND_LINES = everyCommand(buildProgram(captureIo().io, () => {})).map((words) => words.join(" "));

describe("help", () => {
  test("lists the commands and the exit codes", async () => {
    const { io, stdout } = captureIo();
    expect(await runProgram(["--help"], io)).toBe(EXIT.done);
    for (const word of ["init", "rules", "cert", "version", "Exit codes:"]) expect(stdout()).toContain(word);
  });

  test.each(COMMAND_LINES)("of `%s` shows an example of that very command", async (line) => {
    const { io, stdout } = captureIo();
    expect(await runProgram([...line.split(" "), "--help"], io)).toBe(EXIT.done);
    const [, examples = ""] = stdout().split("Examples:\n");
    expect(examples).toContain(`$ tiersync ${line}`);
  });

  test("breaks the lines of its texts by itself", () => {
    const texts = (command: Pick<Command, "commands" | "description">): string[] => [
      command.description(),
      ...command.commands.flatMap((child) => texts(child as unknown as Command)),
    ];
    for (const text of texts(buildProgram(captureIo().io, () => {})))
      expect(text.replaceAll("\n\n", "")).not.toContain("\n");
  });

  test.each([[[]], [["cert"]]])("is shown, with exit code 2, when a command is missing: %p", async (argv) => {
    const { io, stderr } = captureIo();
    expect(await runProgram(argv, io)).toBe(EXIT.usage);
    expect(stderr()).toContain("Usage: tiersync");
  });
});

describe("a mistyped command line ends with exit code 2", () => {
  test.each([
    ["versoin", "unknown command 'versoin'", "did you mean version?"],
    ["cert neww x", "unknown command 'neww'", "did you mean new?"],
    ["version --jsno", "unknown option '--jsno'", "did you mean --json?"],
    ["version extra", "too many arguments", "`tiersync version --help`"],
    ["cert new", "missing required argument 'name'", "`tiersync cert new --help`"],
    ["cert new x --bits 1024", "Allowed choices are 2048, 3072, 4096", "`tiersync cert new --help`"],
    ["cert new x --days soon", "Use 1 to 3650 days", "`tiersync cert new --help`"],
    ["version --home", "argument missing", "`tiersync version --help`"],
    ["--home /srv holds approve", "missing required argument 'id'", "`tiersync holds approve --help`"],
    ["--tenant", "argument missing", "`tiersync --help`"],
    ["help versoin", "unknown command 'versoin'", "`tiersync --help`"],
    ["cert help neww", "unknown command 'neww'", "`tiersync cert --help`"],
  ])("%s", async (line, message, hint) => {
    const { io, stdout, stderr } = captureIo();
    expect(await runProgram(line.split(" "), io)).toBe(EXIT.usage);
    expect(stdout()).toBe("");
    expect(stderr()).toContain("[ERR_USAGE]");
    expect(stderr()).toContain(message);
    expect(stderr()).toContain(hint);
  });

  test("and one JSON document under --json, also where a command is missing", async () => {
    const { io, json } = captureIo();
    expect(await runProgram(["holds", "--json", "--home", ""], io)).toBe(EXIT.usage);
    expect(json()).toMatchObject({ error: { code: "ERR_USAGE", message: "--home is empty" } });
    const bare = captureIo();
    expect(await runProgram(["cert", "--json"], bare.io)).toBe(EXIT.usage);
    expect(bare.json()).toMatchObject({
      error: { message: "a command is missing", hint: "see `tiersync cert --help`" },
    });
  });

  test("and one JSON document under --json", async () => {
    const { io, json, stderr } = captureIo();
    expect(await runProgram(["versoin", "--json"], io)).toBe(EXIT.usage);
    expect(json()).toEqual({
      error: { code: "ERR_USAGE", message: "unknown command 'versoin'", hint: "did you mean version?" },
    });
    expect(stderr()).toBe("");
  });
});

describe("a command", () => {
  const seen: unknown[] = [];
  const probe = defineCommand({
    name: "probe",
    summary: "for the test",
    examples: ["probe x"],
    configure: (command) => command.argument("<what>").option("--count <n>", "how many", Number, 1),
    run: async (options, _io, what) => {
      seen.push({ home: options.home, tenant: options.tenant, count: options.count, what });
      return EXIT.held;
    },
  });

  test("gets its arguments, its options and the global ones, and gives the exit code", async () => {
    const codes: number[] = [];
    const program = buildProgram(captureIo().io, (code) => codes.push(code), [probe]);
    await program.parseAsync(["--home", "/a", "probe", "all", "--count", "3", "--tenant", "contoso"], { from: "user" });
    expect(seen).toEqual([{ home: "/a", tenant: "contoso", count: 3, what: "all" }]);
    expect(codes).toEqual([EXIT.held]);
  });
});

describe("a failure", () => {
  test.each([
    ["ERR_CONFIG", 2],
    ["ERR_EXISTS", 2],
    ["ERR_LOCKED", 4],
    ["ERR_GRAPH_THROTTLED", 1],
    ["ERR_INTERNAL", 1],
  ] satisfies [ErrorCode, number][])(
    "%s leads to exit code %d, with message, code and hint on stderr",
    (code, exit) => {
      const { io, stdout, stderr } = captureIo();
      const error = new AgentError(code, "the message", { hint: "the hint" });
      expect(reportError(error, io, { json: false, verbose: false })).toBe(exit as typeof EXIT.failed);
      expect(stderr()).toBe(`error: the message [${code}]\nhint: the hint\n`);
      expect(stdout()).toBe("");
    },
  );

  test("of our own making becomes ERR_INTERNAL; its stack shows only when asked for", () => {
    for (const verbose of [false, true]) {
      const { io, stderr } = captureIo();
      reportError(new TypeError("x is not a function"), io, { json: false, verbose });
      expect(stderr()).toContain("[ERR_INTERNAL]");
      expect(stderr().includes("program.test.ts")).toBe(verbose);
    }
  });

  test("shows neither secrets nor terminal escapes, and keeps its lines", () => {
    const secret = crypto.randomUUID();
    const message = `first \u001b[2J\nsecond client_secret=${secret}`;
    for (const json of [false, true]) {
      const { io, stdout, stderr } = captureIo();
      reportError(new AgentError("ERR_TOKEN", message), io, { json, verbose: false });
      const text = stdout() + stderr();
      expect(text).not.toContain(secret);
      expect(text).not.toContain("\u001b");
      expect(text).not.toContain("\\u001b");
      expect(text).toContain("second");
    }
  });
});
